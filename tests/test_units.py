"""Times and sizes as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgebench import units
from edgebench.errors import PlanError

TIMES = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "us": 1e-6, "μs": 1e-6, "ns": 1e-9}
SIZES = {
    "B": 1, "b": 1, "kB": 10**3, "KB": 10**3, "kb": 10**3, "MB": 10**6, "mb": 10**6, "GB": 10**9, "KiB": 2**10,
    "kib": 2**10, "MiB": 2**20, "MIB": 2**20, "GiB": 2**30,
}  # fmt: skip


@pytest.mark.parametrize("unit", TIMES)
@pytest.mark.parametrize("text", ["20{}", "20 {}", " 20.0 {} ", "2e1{}", "+20{}"])
def test_times(unit: str, text: str) -> None:
    assert units.seconds(text.format(unit)) == pytest.approx(20 * TIMES[unit], rel=1e-15)


@pytest.mark.parametrize("unit", SIZES)
def test_sizes(unit: str) -> None:
    assert units.size_in_bytes(f"4 {unit}") == 4 * SIZES[unit]


def test_numbers_are_exact() -> None:
    assert units.seconds("0.3ms") == 0.0003
    assert units.size_in_bytes("0.29MB") == 290_000
    assert units.size_in_bytes(".5MiB") == 524_288
    assert units.size_in_bytes("1.5B") == 1, "what is at most a byte and a half is at most a byte"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("20", "which unit? Give a number with one of s, ms, µs, ns, such as 20ms"),
        ("", "expected a number with one of"), ("ms", "expected a number with one of"),
        ("-5ms", "must be more than 0"), ("0s", "must be more than 0"), ("1e-999s", "must be more than 0"),
        ("1e999s", "must be more than 0, and a number"), ("1e99999s", "unknown unit"), ("nan", "expected"),
        ("nanms", "expected"), ("infs", "expected"), ("1,5ms", "unknown unit ',5ms'"), ("20MS", "unknown unit 'MS'"),
        ("20 minutes", "unknown unit 'minutes'"), ("5MB", "unknown unit 'MB'"), ("2 0ms", "unknown unit"),
        ("٢ms", "expected a number"),
    ],
)  # fmt: skip
def test_bad_times(text: str, said: str) -> None:
    with pytest.raises(PlanError) as error:
        units.seconds(text, "--max-latency")
    assert str(error.value).startswith(f"--max-latency '{text}': ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("5", "which unit? Give a number with one of B, kB, MB, GB, KiB, MiB, GiB, such as 5MB"),
        ("5Mb", "unknown unit 'Mb'"), ("5Gib", "unknown unit 'Gib'"), ("5M", "unknown unit 'M'"),
        ("5ms", "unknown unit 'ms'"), ("-1MB", "must be at least 1 B"), ("0.2B", "must be at least 1 B"),
    ],
)  # fmt: skip
def test_bad_sizes(text: str, said: str) -> None:
    with pytest.raises(PlanError, match="--max-size") as error:
        units.size_in_bytes(text, "--max-size")
    assert said in str(error.value)


@given(st.floats(1e-9, 1e6))
def test_times_come_back(value: float) -> None:
    for unit, one in TIMES.items():
        assert units.seconds(f"{value / one!r} {unit}") == pytest.approx(value, rel=1e-12)
    assert units.seconds(f"{value!r}s") == value
    assert units.seconds(units.exact_duration(value)) == pytest.approx(value, rel=1e-9)
    if value >= 1e-6:
        assert units.seconds(units.duration(value)) == pytest.approx(value, rel=5.1e-3)


@given(st.integers(1, 10**15))
def test_sizes_come_back(value: int) -> None:
    assert units.size_in_bytes(f"{value}B") == value
    assert units.size_in_bytes(units.exact_size(value)) == pytest.approx(value, rel=1e-9, abs=1)
    for unit in ("KiB", "MiB", "GiB"):
        assert units.size_in_bytes(f"{value} {unit}") == value * SIZES[unit]


@given(st.text(max_size=12))
def test_any_other_text_is_refused_in_one_line(text: str) -> None:
    for parse in (units.seconds, units.size_in_bytes):
        with contextlib.suppress(PlanError):
            assert parse(text) > 0
