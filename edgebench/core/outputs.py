"""The one of several outputs of a network that is scored: the one that its card names, never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KINDS = ("logits", "probabilities")
"""Words that say what an output is; where there are several they are names like others."""


class WrongOutput(ValueError):  # noqa: N818 - the name says what happened
    """Several outputs of which none was named, or a name that none has; the text names all."""


def choose(answer: Any, name: str | int | None) -> Any:
    """The output of a network that returns a tensor, or a dict, list, tuple or named tuple of tensors.

    `name` is the key, the field or the position; a single output needs none. Raises WrongOutput.
    """
    found = parts(answer)
    if found is None:
        if not hasattr(answer, "shape"):
            raise WrongOutput(f"answers a {type(answer).__name__}, not a tensor")
        if name in (None, 0, *KINDS):
            return answer
        raise WrongOutput(f"has no output {name!r}, only one {shape(answer)}; omit `output` in its TOML file")
    # The shapes are asked for only in an error: a network that is being traced has none yet.
    key = which(list(found), (shape(value) for value in found.values()), name)
    if not hasattr(found[key], "shape"):
        raise WrongOutput(f"output {key} is a {type(found[key]).__name__}, not a tensor")
    return found[key]


def parts(answer: Any) -> dict[Any, Any] | None:
    """The outputs by key, field or position; None for an answer that is not made of several."""
    if isinstance(answer, Mapping):
        return dict(answer.items())
    if isinstance(answer, tuple | list):
        return dict(zip(getattr(answer, "_fields", None) or range(len(answer)), answer, strict=True))
    return None


def which(names: list[Any], shapes: Iterable[object], wanted: str | int | None) -> Any:
    """The name of the output that is `wanted`, by name or position; raises WrongOutput where that is not one."""
    if wanted in names:
        return wanted
    if isinstance(wanted, int) and wanted < len(names):
        return names[wanted]
    if len(names) == 1 and (wanted is None or wanted in KINDS):
        return names[0]
    listed = " and ".join(f"{name} {shape}" for name, shape in zip(names, shapes, strict=True)) or "none"
    example = next((n for n in names if n in KINDS), names[-1] if names else KINDS[0])
    shown = example if isinstance(example, int) else f'"{example}"'
    has = "has several outputs" if len(names) > 1 and wanted is None else f"has no output {wanted!r}; its outputs"
    raise WrongOutput(f"{has}: {listed}; the TOML file names the one to score, such as: output = {shown}")


def shape(value: Any) -> str:
    """The shape of an output, or what it is instead of a tensor."""
    sizes = getattr(value, "shape", None)
    return str(tuple(sizes)) if sizes is not None else type(value).__name__
