"""Why an int8 artifact is as fast as it is: one sentence from what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgebench.core.measurements import Measurement, Run
from edgebench.core.options import untrained

FP32 = {"torchscript": "torchscript", "onnx": "onnx"}
"""By format: the exporter of the float file that an int8 one is held against."""
FASTER = 1.1
"""From this ratio of the medians on, an artifact is called faster."""
MUCH = 0.25
"""Share of the time from which on conversions are the cause."""
INT8_PRODUCTS = {
    "x86_64": ("avx512_vnni", "avx_vnni", "amx_int8"),
    "aarch64": ("asimddp", "i8mm"),
}
"""Instructions that multiply and add int8 values four at a time."""


def of(m: Measurement, run: Run) -> str:
    """The sentence for a cell; empty where it is not quantized or was not profiled."""
    if m.status != "ok" or m.int8_operators is None:
        return ""
    counted = (
        f"{m.int8_time_share or 0:.0%} of the time in {_of(m.int8_operators, 'int8 operator')}, "
        f"{m.conversion_time_share or 0:.0%} in {_of(m.conversions or 0, 'conversion')}, "
        f"the rest in {_of(m.float_operators or 0, 'other')}"
    )
    if m.emulated:
        return f"emulated, so its latency says nothing; here {counted}"
    dense = counterpart(m, run.measurements)
    if dense is None or not dense.latency_p50_s or not m.latency_p50_s:
        return f"no float file of its kind was measured beside it; {counted}"
    ratio = dense.latency_p50_s / m.latency_p50_s
    noise = ", within the noise" if _overlap(m, dense) else ""
    other = dense.exporter if dense.variant == m.variant else dense.cell.name
    if dense.variant != m.variant and dense.variant != untrained(m.variant):
        other += " of the dense model"
    if ratio >= FASTER:
        return f"{ratio:.1f} times faster than {other}{noise}: {counted}"
    if ratio > 1 / FASTER:
        return f"not faster than {other}: {_cause(m, run)} ({counted})"
    return f"{1 / ratio:.1f} times slower than {other}{noise}: {_cause(m, run)} ({counted})"


def counterpart(m: Measurement, rows: Iterable[Measurement]) -> Measurement | None:
    """The measured fp32 cell of the same model, target and format, and of the same network.

    That is the variant's own or, where it was trained with quantization, that of what it was before; without one, that
    of the dense model.
    """
    same = [
        r for r in rows
        if (r.model, r.target, r.exporter) == (m.model, m.target, FP32.get(m.format)) and r.status == "ok"
    ]  # fmt: skip
    by_variant = {r.variant: r for r in same}
    return by_variant.get(m.variant) or by_variant.get(untrained(m.variant)) or by_variant.get("none")


def _overlap(one: Measurement, other: Measurement) -> bool:
    """Whether the intervals of the medians leave open which is the faster one."""
    ends = [(m.latency_p50_low_s, m.latency_p50_high_s) for m in (one, other)]
    (low, high), (other_low, other_high) = ends
    if low is None or high is None or other_low is None or other_high is None:
        return False
    return low <= other_high and other_low <= high


def _cause(m: Measurement, run: Run) -> str:
    int8, conversion = m.int8_time_share or 0.0, m.conversion_time_share or 0.0
    slowest = f"{m.slowest_operator} alone takes {m.slowest_operator_share or 0:.0%}"
    if not m.int8_operators:
        return f"nothing in it computes on int8; {slowest}"
    if conversion >= MUCH and conversion >= int8:
        return "going back and forth between int8 and float costs more than int8 saves"
    if 1 - int8 - conversion >= 0.5:
        return f"most of the time is in what stayed in float; {slowest}"
    if int8 < 0.5:
        return f"int8 operators are a part of it only; {slowest}"
    machine = run.environment_of(m)
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
