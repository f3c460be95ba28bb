"""Where the time of each cell of a run goes: a sentence, and the operators that the runtime's profiler measured."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edgebench.choosing import int8_explanation
from edgebench.core import json_file
from edgebench.core.errors import RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.operators import Operators, OperatorTime
from edgebench.core.tabular import Tabular
from edgebench.core.validation import validated
from edgebench.pipeline import stored_schema

NOT_PROFILED = "not profiled: quick runs and GPUs are not, and earlier versions profiled int8 files only"
SHOWN = 3
"""Operators and layers that a sentence names."""


@dataclass(frozen=True, repr=False)
class Explanation(Tabular):
    """Why a cell is as fast as it is; its table has the operators, the slowest first."""

    measurement: Measurement
    text: str
    profile: Path
    """The file of its operators, which need not exist."""

    @property
    def operators(self) -> tuple[OperatorTime, ...]:
        """The operators of one prediction; empty where it was not profiled. Raises RunError for a damaged profile."""
        if not self.profile.is_file():
            return ()
        try:
            stored = json_file.of_any_text(self.profile.read_text(encoding="utf-8"))
            found = [_operator(one, str(self.profile)) for one in stored]
            if not all(0 <= one.seconds < math.inf for one in found):
                raise ValueError("no times")
        except (OSError, ValueError, TypeError, RunError):
            raise RunError(
                f"{self.profile}: damaged; remove it and its line in journal.jsonl, then resume the run"
            ) from None
        return tuple(found)

    def title(self) -> str:
        """The cell and the sentence."""
        return f"{self.measurement.cell.label}: {self.text}"

    def records(self) -> list[dict[str, Any]]:
        """The operators with their shares of the time."""
        operators = self.operators
        total = sum(one.seconds for one in operators) or 1.0
        return [
            {"layer": one.layer, "operator": one.name, "kind": one.kind, "calls": one.calls, "time_s": one.seconds,
             "share": one.seconds / total}
            for one in operators
        ]  # fmt: skip


def explanations(run: Run, rows: list[Measurement], words: str = "") -> list[Explanation]:
    """One for each of these rows of the run whose name has all the words; raises RunError where there is none."""
    found = [m for m in rows if _meant(m, words)]
    if not found:
        known = {word: None for part in ("model", "variant", "exporter", "target") for word in _each(rows, part)}
        raise RunError(f"{run.folder}: no cell has all of the words '{words}'; the words are {', '.join(known)}")
    return [_explained(m, run) for m in found]


def _explained(m: Measurement, run: Run) -> Explanation:
    one = Explanation(m, "", run.folder / "profiles" / f"{m.cell.id}.json")
    if m.status != "ok" or not m.operators:
        return replace(one, text=m.reason if m.status != "ok" else NOT_PROFILED)
    try:
        operators = one.operators
    except RunError:  # the table of this cell alone says why
        operators = ()
    text = int8_explanation.explain(m, run) or _slowest(m.operators, operators)
    layers = _shares((o.layer, o.seconds) for o in operators)
    text = f"{text}; slowest layers: {layers}" if layers else text
    if m.artifact and m.artifact.delegated is not None:
        text = f"{text}; {m.artifact.delegated:.0%} of its operators run on the format's backend"
    return replace(one, text=text)


def _slowest(summary: Operators, operators: tuple[OperatorTime, ...]) -> str:
    """Where the time of a float file goes, by operator."""
    found = _shares((o.name, o.seconds) for o in operators)
    return f"time by operator: {found or _share(summary.slowest_operator, summary.slowest_operator_share or 0.0)}"


def _shares(times: Iterable[tuple[str, float]]) -> str:
    """The names with the largest shares of the time; what has no name counts for the whole."""
    seconds: Counter[str] = Counter()
    for name, taken in times:
        seconds[name] += taken  # type: ignore[assignment]
    total = sum(seconds.values()) or 1.0
    named = [(name, taken / total) for name, taken in seconds.most_common() if name and taken]
    return ", ".join(_share(name, share) for name, share in named[:SHOWN])


def _share(name: str, share: float) -> str:
    return f"{name} {share:.0%}"


def _operator(stored: Any, place: str) -> OperatorTime:
    return validated(OperatorTime, stored_schema.row(stored, place), place, RunError)


def _each(rows: list[Measurement], part: str) -> list[str]:
    return sorted({getattr(m.cell, part) for m in rows})


def _meant(m: Measurement, words: str) -> bool:
    return {w for w in words.split() if w != "·"} <= {m.cell.model, m.cell.variant, m.cell.exporter, m.cell.target}
