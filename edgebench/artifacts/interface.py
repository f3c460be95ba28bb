"""The inputs and outputs that an imported file declares, and the adapter that its card and they make together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from edgebench.artifacts.opening import FileFacts, Port
from edgebench.core.io_adapter import Constant, ConstantType, FloatType, IOAdapter, shown_shape
from edgebench.core.outputs import KINDS, WrongOutput, which
from edgebench.core.problems import InvalidValue
from edgebench.data.signals import ECG
from edgebench.models.card import Card

FLOATS: dict[str, FloatType] = {"float": "float32", "float16": "float16", "double": "float64"}
"""ONNX's types of signals by the name that onnxruntime gives them."""
OTHERS: dict[str, ConstantType] = {
    "float": "float32", "float16": "float16", "double": "float64", "int64": "int64", "int32": "int32", "bool": "bool"
}  # fmt: skip
"""Types that a constant may have."""
Layout = Literal["leads-first", "samples-first"]
Dimension = int | str | None


class DoesNotFit(ValueError):  # noqa: N818 - the name says what happened
    """A file and its card that do not fit each other or the signals; the text is one line."""


def _kind(port: Port) -> str:
    """The type of a port: `float`, `float16`, `int64`."""
    return port.type.removeprefix("tensor(").removesuffix(")")


def _shown(port: Port) -> str:
    return f"{port.name} {shown_shape(port.shape)} {_kind(port)}"


def undeclared(card: Card) -> IOAdapter:
    """The adapter of a file that declares no shapes and types (TorchScript): what its card says."""
    constants = tuple(Constant(name, values, (len(values),)) for name, values in card.constants.items())
    return card.io_adapter(
        card.input.layout or "leads-first", False, card.input.dtype or "float32", answer=card.output,
        constants=constants,
    )  # fmt: skip


def of_one(feed: IOAdapter) -> IOAdapter:
    """The same for a TorchScript file that answers one tensor; raises DoesNotFit where another output was named."""
    if feed.answer in (None, 0, *KINDS):
        return replace(feed, answer=None)
    raise DoesNotFit(f"has no output {feed.answer!r}: it answers one tensor; omit output in its TOML file")


def of_several(feed: IOAdapter, outputs: Sequence[tuple[str | int, str]]) -> IOAdapter:
    """The same for a TorchScript file with these outputs, (key or position, shape); raises DoesNotFit."""
    try:
        return replace(feed, answer=which([key for key, _ in outputs], (shape for _, shape in outputs), feed.answer))
    except WrongOutput as error:
        raise DoesNotFit(str(error)) from None


def fit(found: FileFacts, card: Card) -> IOAdapter:
    """The adapter of a file that declares its interface; raises DoesNotFit."""
    inputs, outputs = found.inputs or (), found.outputs or ()
    for what, ports in (("input", inputs), ("output", outputs)):
        if not ports:
            raise DoesNotFit(f"its graph has no {what}; export the network again")
    signal = _signal(inputs, card)
    layout, size = _layout(signal, card)
    if isinstance(size, int) and size > 1:
        raise DoesNotFit(f"takes batches of {size} only; export it with a batch of 1, or with a free one")
    constants = tuple(
        _constant(port, card.constants[port.name], size) for port in inputs if port.name in card.constants
    )
    dtype = FLOATS[_kind(signal)]
    if card.input.dtype not in (None, dtype):
        raise DoesNotFit(f"takes signals of {dtype}, but its TOML file says dtype = '{card.input.dtype}'")
    answer = _answer(outputs, card)
    several = len(outputs) > 1 or isinstance(card.output, int)
    return card.io_adapter(
        layout, isinstance(size, int), dtype, signal.name if constants else "", answer if several else None,
        constants,
    )  # fmt: skip


def _signal(ports: Sequence[Port], card: Card) -> Port:
    """The input that takes the signals."""
    inputs = {port.name: port for port in ports}
    takes = "; ".join(map(_shown, ports))
    for name in card.constants:
        if name not in inputs:
            raise DoesNotFit(f"has no input '{name}' as its TOML file has under [constants]; it takes {takes}")
    left = [name for name in inputs if name not in card.constants]
    if card.input.name:
        if card.input.name not in left:
            raise DoesNotFit(f"has no input '{card.input.name}' for signals, as its TOML file says; it takes {takes}")
        left = [card.input.name, *(name for name in left if name != card.input.name)]
    shape = shown_shape(("batch", *card.shape))
    if not left:
        raise DoesNotFit(f"takes {takes}, and all of these are under [constants]: none is left for signals {shape}")
    further = left[1:] if card.input.name else [name for name in left if not _holds(inputs[name], card)]
    if len(left) > 1:
        named = (further or left)[-1]
        raise DoesNotFit(
            f"takes {takes}; EdgeBench gives one input, the signals {shape}: give each other one a value in its TOML "
            f"file, the same for all records: [constants] {named} = {_example(inputs[named])}"
        )
    port = inputs[left[0]]
    if _kind(port) not in FLOATS:
        hint = (
            "; export it with float32 inputs and outputs (keep_io_types=True where the weights are converted)"
            if _kind(port) == "bfloat16" else ""
        )  # fmt: skip
        raise DoesNotFit(f"takes {_shown(port)}; EdgeBench gives signals of float32, float16 or float64 (double){hint}")
    return port


def _holds(port: Port, card: Card) -> bool:
    """Whether an input can be the signals."""
    return _kind(port) in FLOATS and any(_fits(port.shape[1:], order) for order in (card.shape, card.shape[::-1]))


def _layout(port: Port, card: Card) -> tuple[Layout, Dimension]:
    """(layout, size of a batch) of the signals."""
    leads, samples = len(card.taken), ECG.shape[1]
    orders: dict[Layout, tuple[int, int]] = {"leads-first": (leads, samples), "samples-first": (samples, leads)}
    wanted: list[Layout] = [card.input.layout] if card.input.layout else ["leads-first", "samples-first"]
    layout = next((name for name in wanted if _fits(port.shape[1:], orders[name])), None)
    if layout is None:
        said = f" ({card.input.layout} by its TOML file)" if card.input.layout else ""
        count = port.shape[1] if len(port.shape) == 3 and port.shape[2] == samples else None
        hint = f"; name its {count} leads: leads = [...]" if isinstance(count, int) and count < len(card.taken) else ""
        raise DoesNotFit(
            f"takes {list(port.shape)}{said}, not (batch, {leads}, {samples}) or (batch, {samples}, {leads}){hint}"
        )
    return layout, port.shape[0]


def _fits(shape: Sequence[Dimension], wanted: Sequence[int]) -> bool:
    """Whether dimensions, of which free ones may be anything, can be these."""
    return len(shape) == len(wanted) and all(
        not isinstance(has, int) or has == want for has, want in zip(shape, wanted, strict=True)
    )


def _constant(port: Port, values: tuple[float, ...], size: Dimension) -> Constant:
    """The card's values for an input; `size` is the first dimension of the signals."""
    if _kind(port) not in OTHERS:
        raise DoesNotFit(f"takes {_shown(port)}, and a constant cannot have this type")
    first = port.shape[0] if port.shape else 0
    batched = bool(port.shape) and (first == size or (len(port.shape) > 1 and not isinstance(first, int)))
    sizes = list(port.shape[1:] if batched else port.shape)
    free = [place for place, size in enumerate(sizes) if not isinstance(size, int)]
    known = math.prod(size for size in sizes if isinstance(size, int))
    for number, place in enumerate(free):  # the first free dimension takes what the others leave
        sizes[place] = max(1, len(values) // max(1, known)) if number == 0 else 1
    shape = tuple(size for size in sizes if isinstance(size, int))
    try:
        return Constant(port.name, values, shape, OTHERS[_kind(port)], batched)
    except InvalidValue as error:
        raise DoesNotFit(f"takes {_shown(port)}; constants.{port.name} in its TOML file: {error}") from None


def _example(port: Port) -> str:
    count = math.prod(d for d in port.shape[1:] if isinstance(d, int))
    return "0.0" if count == 1 else f"[{count} numbers]"


def _answer(outputs: Sequence[Port], card: Card) -> str:
    """The name of the output that is scored."""
    try:
        name = which([o.name for o in outputs], [shown_shape(o.shape) for o in outputs], card.output)
    except WrongOutput as error:
        raise DoesNotFit(str(error)) from None
    port = next(o for o in outputs if o.name == name)
    if _kind(port) not in FLOATS:
        raise DoesNotFit(f"answers {_shown(port)}; it must answer float32, float16 or float64 (double)")
    last = port.shape[-1] if port.shape else None
    if isinstance(last, int) and last != len(card.classes):
        raise DoesNotFit(f"answers {last} numbers a record, but its TOML file has {len(card.classes)} classes")
    if port.shape and len(port.shape) != 2:
        raise DoesNotFit(f"answers {_shown(port)}, not (batch, {len(card.classes)})")
    return str(name)
