"""Words after a plug-in's name: `fbgemm-int8:percentile,per-tensor` sets two choices; others keep their defaults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgebench.core.errors import PlanError
from edgebench.core.problems import meant

CHAIN = "+"
"""`structured-0.5+qat` is one compression after the other."""
Choices = Mapping[str, tuple[str, ...]]
"""Each choice with its words; no word belongs to two choices."""


def split(spec: str) -> tuple[str, list[str]]:
    """`NAME:word,word` as its name and its words."""
    name, colon, rest = spec.partition(":")
    return name, rest.split(",") if colon else []


def untrained(variant: str) -> str:
    """A variant without its quantization-aware training: the float network that it quantizes."""
    return CHAIN.join(part for part in variant.split(CHAIN) if part.partition("-")[0] != "qat") or "none"


def zeroes(variant: str) -> bool:
    """Whether a variant sets single weights to zero."""
    return any(part.partition("-")[0] in ("l1", "random") for part in variant.split(CHAIN))


def chosen(label: str, words: Iterable[str], choices: Choices) -> dict[str, str]:
    """The chosen word of each choice; a choice without a word is omitted.

    Raises PlanError with one line where a word is unknown, or two choose the same.
    """
    found: dict[str, str] = {}
    for word in words:
        what = next((what for what, several in choices.items() if word in several), None)
        if what is None:
            known = "; ".join(f"{what}: {', '.join(several)}" for what, several in choices.items())
            near = meant(word, [one for several in choices.values() for one in several])
            parts = [f"{label}: unknown '{word}'", f"there is {known}" if known else "it has no options", near]
            raise PlanError("; ".join(filter(None, parts)))
        if what in found:
            raise PlanError(f"{label}: {found[what]} and {word} both choose the {what}")
        found[what] = word
    return found


def of_exporter(spec: str, choices: Choices) -> dict[str, str]:
    """The choices that an exporter's spec makes; raises PlanError."""
    return chosen(f"exporter '{spec}'", split(spec)[1], choices)
