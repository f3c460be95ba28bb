"""Lines of a program that give a file its further inputs."""

from __future__ import annotations

from collections.abc import Mapping

from edgebench.core.inputs import InputSpec
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.python_lines import text, within


def constants(feed: IOAdapter, converted: str) -> list[str]:
    """The constants of a user's file, in the dict `inputs`; `converted` makes of an array what the runtime takes."""
    lines: list[str] = []
    for constant in feed.constants:
        kind = "np.bool_" if constant.dtype == "bool" else f"np.{constant.dtype}"
        shape = ", ".join(map(str, (1, *constant.shape) if constant.batched else constant.shape))
        lines += within("values = np.array([", map(repr, constant.values), f"], {kind})")
        lines.append(f"values = values.reshape({shape or '()'})")
        if constant.batched:
            lines.append("values = np.repeat(values, len(records), 0)")
        lines += within("inputs[", [quoted(constant.name)], f"] = {converted.format('values')}")
    return lines


def zeros(further: Mapping[str, InputSpec]) -> list[str]:
    """The further inputs of the records, in the dict `further`."""
    lines = ["# The further inputs, in the order of the artifact.", "further = {}"]
    for name, spec in further.items():
        lines.append(f"values = np.zeros((1, {', '.join(map(str, spec.shape))}), np.float32)  # yours here")
        lines += within("further[", [quoted(name)], "] = values")
    return lines


def named(feed: IOAdapter, further: Mapping[str, InputSpec], converted: str) -> list[str]:
    """The same for a user's file, by its own names and types, in the dict `inputs`."""
    lines: list[str] = []
    for one, spec in zip(feed.further, further.values(), strict=True):
        kind = "np.bool_" if one.dtype == "bool" else f"np.{one.dtype}"
        lines.append(f"values = np.zeros((1, {', '.join(map(str, spec.shape))}), {kind})  # yours here")
        lines += within("inputs[", [quoted(one.name)], f"] = {converted.format('values')}")
    return lines


def quoted(name: object) -> str:
    """A name as a text of Python's."""
    return f'"{text(str(name))}"'
