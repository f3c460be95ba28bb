"""A first prediction of a user's network: does it take the records, and answer what their task needs?"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgebench.core.errors import ModelError, first_line
from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import shown_shape
from edgebench.core.outputs import WrongOutput

if TYPE_CHECKING:
    from torch import nn

    from edgebench.models.external.own_network import OwnNetwork


def require_outputs(
    network: nn.Module,
    spec: InputSpec,
    classes: Sequence[str],
    name: str,
    further: Mapping[str, InputSpec] | None = None,
) -> None:
    """Predict two records of zeros; raises ModelError where the network rejects them or its output is wrong.

    It is left in eval mode.
    """
    import torch

    from edgebench.models.external.own_network import OwnNetwork

    if not isinstance(network, OwnNetwork):
        return
    given = further or {}
    try:
        with torch.inference_mode():
            answer = network.eval()(*(torch.zeros(2, *one.shape) for one in (spec, *given.values())))
    except WrongOutput as error:
        raise ModelError(f"{name}: {error}") from None
    except Exception as error:
        reason = first_line(error)
        sizes = {one: (n,) for one, n in network.further_sizes().items()} | {one: s.shape for one, s in given.items()}
        others = "".join(f" and {one} {shown_shape(('batch', *shape))}" for one, shape in sizes.items())
        taken = shown_shape(("batch", *network.shape))
        raise ModelError(f"{name}: does not take {taken}{others}: {reason[:160]}; {_way_out(network, spec)}") from None
    got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
    if got != (2, len(classes)):
        raise ModelError(f"{name}: gives {got} for 2 records, not (2, {len(classes)}): there must be {named(classes)}")


def named(outputs: Sequence[str]) -> str:
    """How many outputs there are to be, with their names."""
    shown = ", ".join(outputs[:12]) + (", …" if len(outputs) > 12 else "")
    return f"{len(outputs)} {'output' if len(outputs) == 1 else 'classes'}: {shown}"


def _way_out(network: OwnNetwork, spec: InputSpec) -> str:
    """What to set in the card of a network that does not take the records."""
    parameters = inspect.signature(network.get_submodule("network").forward).parameters.values()
    needed = [
        p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    known = {*network.further, *getattr(network, "given", ())}
    missing = [name for name in needed[1:] if name not in known]
    if missing:
        words = "give its further inputs a value in its TOML file, the same for all records: [constants]"
        return f"{words} {missing[0]} = [...]; or name an input of the dataset: [inputs] {missing[0]} = 'NAME'"
    if "lead" in spec.axes:
        return (
            "set layout under [input] in its TOML file where it takes another order, and leads = [...] where it takes "
            "fewer leads"
        )
    return f"a record has {spec}; where it takes another order, say so in its TOML file: [input] axes = [...]"
