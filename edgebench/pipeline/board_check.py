"""Boards of one kind that share a target's cells: whether they agree on the cells that all of them measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edgebench.core.measurements import Measurement

ALIKE = 1.05
"""Boards that differ by less are alike, however narrow their intervals are."""


def remarks(rows: Mapping[str, Sequence[Measurement]]) -> list[str]:
    """A line for each board that is slower than the fastest beyond the noise, by the rows of each common cell."""
    found = []
    for of_cell in rows.values():
        timed = [m for m in of_cell if m.status == "ok" and m.latency]
        if not timed:
            continue
        fastest = min(timed, key=_median)
        found += [_line(m, fastest) for m in timed if _slower(m, fastest)]
    return found


def of_boards(rows: Iterable[Measurement]) -> dict[str, list[Measurement]]:
    """The rows of each cell, one for each board."""
    found: dict[str, dict[str, Measurement]] = {}
    for m in rows:
        found.setdefault(m.cell.id, {}).setdefault(m.host, m)
    return {cell: list(boards.values()) for cell, boards in found.items()}


def _slower(m: Measurement, fastest: Measurement) -> bool:
    assert m.latency and fastest.latency
    low, high = m.latency.p50_low_s, fastest.latency.p50_high_s
    return low is not None and high is not None and low > high and _median(m) > ALIKE * _median(fastest)


def _line(m: Measurement, fastest: Measurement) -> str:
    assert m.latency
    board, other, verdict = _board(m), _board(fastest), m.latency.steadiness.verdict
    throttled = ": throttled" if verdict == "throttled" else ""
    ratio = _median(m) / _median(fastest)
    return f"{board}: {m.cell.label} takes {ratio:.2f} times as long as on {other}, beyond the noise{throttled}"


def _board(m: Measurement) -> str:
    return m.host.partition(": ")[0]


def _median(m: Measurement) -> float:
    assert m.latency
    return m.latency.p50_s
