"""Why an int8 artifact is as fast as it is, in one sentence from the measured operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from edgebench.core.measurements import Measurement, Run
from edgebench.core.operators import Operators
from edgebench.core.options import untrained
from edgebench.core.results import Latency

FASTER = 1.1
"""The ratio of the medians from which on an artifact counts as faster."""
MUCH = 0.25
"""The share of the time from which on conversions count as the cause."""
MOSTLY_FLOAT = 0.5
"""The share of the weights in int8 below which a file cannot be much smaller than in float."""
LEAST = 1e-4
"""The smallest share that is said as a number."""
INT8_PRODUCTS = {
    "x86_64": ("avx512_vnni", "avx_vnni", "amx_int8"),
    "aarch64": ("asimddp", "i8mm"),
}
"""Instructions that multiply and add int8 values four at a time."""


def explain(m: Measurement, run: Run) -> str:
    """The sentence for a cell; empty where it is not quantized or was not profiled."""
    if m.status != "ok" or not m.operators or not m.precision.startswith("int8"):
        return ""
    return f"{_timed(m, m.operators, run)}{_stayed(m)}"


def _timed(m: Measurement, operators: Operators, run: Run) -> str:
    counted = (
        f"{operators.int8_time_share:.0%} of the time in {_of(operators.int8_operators, 'int8 operator')}, "
        f"{operators.conversion_time_share:.0%} in {_of(operators.conversions, 'conversion')}, "
        f"the rest in {_of(operators.float_operators, 'other')}"
    )
    if m.emulated:
        return f"emulated, so its latency says nothing; here {counted}"
    dense = counterpart(m, run.measurements)
    if dense is None or not dense.latency or not m.latency or not m.latency.p50_s:
        return f"no float file of its kind was measured beside it; {counted}"
    ratio = dense.latency.p50_s / m.latency.p50_s
    noise = ", within the noise" if _overlap(m.latency, dense.latency) else ""
    other = dense.cell.exporter if dense.cell.variant == m.cell.variant else dense.cell.name
    if dense.cell.variant not in (m.cell.variant, untrained(m.cell.variant)):
        other += " of the dense model"
    if ratio >= FASTER:
        return f"{ratio:.1f} times faster than {other}{noise}: {counted}"
    cause = _cause(operators, run.environment_of(m))
    if ratio > 1 / FASTER:
        return f"not faster than {other}: {cause} ({counted})"
    return f"{1 / ratio:.1f} times slower than {other}{noise}: {cause} ({counted})"


def _stayed(m: Measurement) -> str:
    """Why a network that is mostly float is hardly smaller or faster; empty for others and where it is not known."""
    facts = m.artifact
    if facts is None or facts.int8_weights is None or facts.int8_weights >= MOSTLY_FLOAT:
        return ""
    rest = ", since dynamic int8 leaves convolutions in float" if m.precision == "int8-dynamic" else ""
    weights = f"; int8 are {_tiny(facts.int8_weights)} of its weights"
    if facts.int8_macs is None:
        return f"{weights}{rest}: the file cannot be much smaller"
    slow = "" if facts.int8_macs >= MOSTLY_FLOAT else ", nor a prediction much faster"
    return f"{weights} and {_tiny(facts.int8_macs)} of its multiply-adds{rest}: the file cannot be much smaller{slow}"


def _tiny(share: float) -> str:
    return f"{100 * share:.2g}%" if share >= LEAST else f"less than {LEAST:.2%}"


def counterpart(m: Measurement, rows: Iterable[Measurement]) -> Measurement | None:
    """The measured fp32 cell of the same model, target and format, and of the same network.

    The variant's own cell comes first, then, for quantization-aware training, the variant before that training, then
    the dense model.
    """
    wanted = (m.cell.model, m.cell.target, m.format, "fp32")
    same = [r for r in rows if (r.cell.model, r.cell.target, r.format, r.precision) == wanted and r.status == "ok"]
    by_variant = {r.cell.variant: r for r in reversed(same)}  # of several in one format, the first
    return by_variant.get(m.cell.variant) or by_variant.get(untrained(m.cell.variant)) or by_variant.get("none")


def _overlap(one: Latency, other: Latency) -> bool:
    """Whether the intervals of the medians overlap, so that either may be the faster one."""
    if one.p50_low_s is None or one.p50_high_s is None or other.p50_low_s is None or other.p50_high_s is None:
        return True  # nothing tells them apart
    return one.p50_low_s <= other.p50_high_s and other.p50_low_s <= one.p50_high_s


def _cause(operators: Operators, machine: Mapping[str, Any]) -> str:
    int8, conversion = operators.int8_time_share, operators.conversion_time_share
    slowest = f"{operators.slowest_operator} alone takes {operators.slowest_operator_share or 0:.0%}"
    if not operators.int8_operators:
        return f"nothing in it computes on int8; {slowest}"
    if conversion >= MUCH and conversion >= int8:
        return "conversions between int8 and float cost more than int8 saves"
    if 1 - int8 - conversion >= 0.5:
        return f"most of the time is in what stayed in float; {slowest}"
    if int8 < 0.5:
        return f"int8 operators take only part of the time; {slowest}"
    missing = _missing(str(machine.get("architecture", "")), machine.get("instruction_sets", []))
    if missing:
        return f"this processor has no {missing}, without which int8 products take as many instructions as float ones"
    return f"its int8 kernels are not faster here; {slowest}"


def _missing(architecture: str, have: Sequence[str]) -> str:
    wanted = INT8_PRODUCTS.get(architecture, ())
    if not wanted or set(wanted) & set(have):
        return ""
    return "VNNI or AMX" if architecture == "x86_64" else "dot-product instructions"


def _of(count: int, what: str) -> str:
    return f"{count} {what}" + ("" if count == 1 else "s")
