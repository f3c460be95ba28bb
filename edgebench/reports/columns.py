"""What every renderer starts from: the rows in the order in which people read them, and numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.measurements import Measurement, Run

COLUMNS = ("model", "exporter", "target", "size", "zip", "memory", "p50 latency", "macro-F1", "Δ F1", "timing")
"""Headings of the short table."""


def ordered(run: Run) -> list[Measurement]:
    """The plan's targets in their order; on each, measured cells from the fastest, then the others by name."""
    targets = [*run.plan.get("targets", []), *sorted({m.target for m in run.measurements})]

    def place(m: Measurement) -> tuple[object, ...]:
        latency = m.latency_p50_s if m.latency_p50_s is not None and not m.emulated else float("inf")
        return (targets.index(m.target), m.status != "ok", m.model, latency, m.variant, m.exporter)

    return sorted(run.measurements, key=place)


def by_device(rows: Sequence[Measurement]) -> list[tuple[str, list[Measurement]]]:
    """The rows of each machine with its name; where several runs on it have the same cell, those of each run."""
    found = []
    for host in sorted({m.host for m in rows}):
        there = [m for m in rows if m.host == host]
        if len({m.cell.id for m in there}) == len(there):
            found.append((host, there))
        else:
            found += [
                (f"{host}, run {run}", [m for m in there if m.run == run]) for run in sorted({m.run for m in there})
            ]
    return found


def best(measurements: Sequence[Measurement]) -> set[str]:
    """Ids of the cells on each target's Pareto front in file size, latency, peak memory and macro-F1.

    A cell is left out where another is clearly better in one of them and not clearly worse in any. Latency is clear
    where the intervals do not overlap, macro-F1 where the difference is beyond the paired interval, memory beyond 5 %.
    Emulated cells are never ranked.
    """
    ranked = [m for m in measurements if m.status == "ok" and not m.emulated and m.latency_p50_s is not None]
    return {
        m.cell.id
        for m in ranked
        if not any(_dominates(o, m) for o in ranked if (o.target, o.dataset) == (m.target, m.dataset))
    }


def _dominates(one: Measurement, other: Measurement) -> bool:
    signs = [
        _sign(one.file_size_bytes, other.file_size_bytes, 0.0),
        _sign(one.peak_rss_bytes, other.peak_rss_bytes, 0.05 * (other.peak_rss_bytes or 0)),
        _sign(other.macro_f1, one.macro_f1, max(_half_width(one), _half_width(other))),
        _latency_sign(one, other),
    ]
    return max(signs) <= 0 and min(signs) < 0


def _sign(a: float | None, b: float | None, noise: float) -> int:
    """-1 where a is smaller than b beyond the noise, 1 where it is larger, 0 where that cannot be said."""
    difference = (a or 0) - (b or 0)
    return 0 if abs(difference) <= noise else (1 if difference > 0 else -1)


def _half_width(m: Measurement) -> float:
    """Half the interval of the difference of macro-F1 to the fp32 model; without one, of macro-F1 itself."""
    low, high = (m.delta_low, m.delta_high) if m.delta_low is not None else (m.macro_f1_low, m.macro_f1_high)
    return ((high or 0) - (low or 0)) / 2


def _latency_sign(a: Measurement, b: Measurement) -> int:
    if (a.latency_p50_high_s or 0) < (b.latency_p50_low_s or 0):
        return -1
    return int((b.latency_p50_high_s or 0) < (a.latency_p50_low_s or 0))


def size(value: float | None) -> str:
    """Bytes as megabytes (10⁶ bytes), with a sensible number of digits."""
    if value is None:
        return ""
    return f"{value / 1e6:.2f} MB" if value < 10e6 else f"{value / 1e6:.0f} MB"


def count(value: float | None) -> str:
    """A large number with three digits, in thousands (k), millions (M) or thousand millions (G)."""
    if value is None:
        return ""
    rounded = float(f"{value:.3g}")  # first, so that 999,999 is 1.00 M and not 1000 k
    for power, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rounded >= power:
            return f"{rounded / power:#.3g}".rstrip(".") + f" {unit}"
    return f"{rounded:g}"


def duration(value: float | None) -> str:
    """Seconds in ms or µs, with three digits."""
    if value is None:
        return ""
    number, unit = (value * 1e3, "ms") if value >= 1e-3 else (value * 1e6, "µs")
    return f"{number:#.3g}".rstrip(".") + f" {unit}"


def latency(m: Measurement) -> str:
    """The median with its interval; what an emulated one is stands in the column `timing`."""
    if m.latency_p50_s is None or m.latency_p50_low_s is None or m.latency_p50_high_s is None:
        return ""
    low, high = m.latency_p50_low_s * 1e3, m.latency_p50_high_s * 1e3
    return f"{m.latency_p50_s * 1e3:.2f} ms ({low:.2f}–{high:.2f})"


def f1(m: Measurement) -> str:
    """Macro-F1 with its interval."""
    if m.macro_f1 is None or m.macro_f1_low is None or m.macro_f1_high is None:
        return ""
    return f"{m.macro_f1:.3f} ({m.macro_f1_low:.3f}–{m.macro_f1_high:.3f})"


def delta(m: Measurement) -> str:
    """Difference of macro-F1 to the uncompressed fp32 model."""
    return "" if m.delta_macro_f1 is None else f"{m.delta_macro_f1 + 0.0:+.4f}"


def timing(m: Measurement) -> str:
    """The verdict, or for a cell without numbers its status."""
    return m.verdict or "" if m.status == "ok" else m.status


def doubt(m: Measurement) -> str:
    """Why the timing is not to be trusted, behind the verdict; empty where there is no reason not to."""
    return f"{m.verdict}: {m.verdict_reason}" if m.status == "ok" and m.verdict_reason else ""


def name(m: Measurement) -> str:
    """Exporter, and the variant where there is one."""
    return m.cell.name


def row(m: Measurement) -> list[str]:
    """The cells of the short table; what is missing is empty."""
    return [
        m.model, name(m), m.target, size(m.file_size_bytes), size(m.zip_size_bytes), size(m.peak_rss_bytes), latency(m),
        f1(m), delta(m), timing(m),
    ]  # fmt: skip
