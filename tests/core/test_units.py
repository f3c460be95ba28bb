"""Times and sizes as people write them."""

from __future__ import annotations

import contextlib
import re

import pytest
import snapshots
from hypothesis import given
from hypothesis import strategies as st

from edgebench.core import units
from edgebench.core.errors import PlanError

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
    "text",
    [
        "20", "", "ms", "-5ms", "0s", "1e-999s", "1e999s", "1e99999s", "nan", "1e99999999999999999999s",
        "9" * 5000 + "s", "nanms", "infs", "1,5ms", "1,5", "1,5,5ms", "20MS", "20 minutes", "5MB", "2 0ms", "٢ms",
    ],
)  # fmt: skip
def test_bad_times(text: str) -> None:
    with pytest.raises(PlanError) as error:
        units.seconds(text, "--max-latency")
    same_words("errors-times", text, error.value)


@pytest.mark.parametrize(
    "text",
    [
        "5", "5Mb", "5Gib", "5M", "5ms", "-1MB", "0.2B", "1e400MB", "1e-400MB", "0e99999MB", "infMB", "5\nMB\nGB",
    ],
)  # fmt: skip
def test_bad_sizes(text: str) -> None:
    with pytest.raises(PlanError) as error:
        units.size_in_bytes(text, "--max-size")
    same_words("errors-sizes", text, error.value)


def same_words(name: str, text: str, error: PlanError) -> None:
    assert len(str(error).splitlines()) == 1 or "\n" in text
    key = text if len(text) < 60 else f"{text[:20]}… ({len(text)} characters)"
    line = str(error).replace(text, key) if len(text) >= 60 else str(error)
    snapshots.check_line(name, repr(key), repr(line))


@pytest.mark.parametrize(("text", "value"), [("0.72", 0.72), (" 1 ", 1.0), ("0", 0.0), ("-0", 0.0), ("1e-2", 0.01)])
def test_numbers(text: str, value: float) -> None:
    assert str(units.number(text)) == str(value)


@pytest.mark.parametrize(
    "text", ["", "nan", "inf", "-inf", "abc", "1%", "0,7", "-0.1", "1e400", "1e-400", "1e99999999999999999999"]
)
def test_bad_numbers(text: str) -> None:
    with pytest.raises(PlanError) as error:
        units.number(text, "--max-drop", least=0)
    same_words("errors-numbers", text, error.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0, "0 s"), (5e-10, "0.50 ns"), (250e-9, "250 ns"), (0.9994e-6, "999 ns"), (0.9996e-6, "1.00 µs"),
        (999.4e-6, "999 µs"), (999.6e-6, "1.00 ms"), (9.994e-3, "9.99 ms"), (9.996e-3, "10.0 ms"), (0.1, "100 ms"),
        (0.9994, "999 ms"), (0.9996, "1.00 s"), (1.0, "1.00 s"), (1.14, "1.14 s"), (99.96, "100 s"), (1234, "1230 s"),
    ],
)  # fmt: skip
def test_durations_near_the_thresholds(value: float | None, text: str) -> None:
    assert units.duration(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0, "0 B"), (512, "512 B"), (999, "999 B"), (1000, "1.00 kB"), (99_900, "99.9 kB"),
        (99_960, "0.10 MB"), (734_000, "0.73 MB"), (999_999, "1.00 MB"), (9_994_000, "9.99 MB"), (9_996_000, "10 MB"),
        (10_000_000, "10 MB"), (999_400_000, "999 MB"), (999_600_000, "1.00 GB"), (25_277_000_000, "25.3 GB"),
    ],
)  # fmt: skip
def test_sizes_near_the_thresholds(value: float | None, text: str) -> None:
    assert units.size(value) == text


NUMBER = re.compile(r"\d+(\.\d+)? ([µmn]?s|[kMG]?B)")


def digits(text: str) -> int:
    return len(text.partition(" ")[0].replace(".", "").lstrip("0"))


@given(st.floats(1e-9, 1e6), st.floats(1, 1.01))
def test_durations_have_three_digits_and_keep_the_order(value: float, factor: float) -> None:
    text, more = units.duration(value), units.duration(value * factor)
    assert NUMBER.fullmatch(text)
    assert digits(text) == 3 or value > 999
    assert float(text.split()[0]) < 1000 or value > 999
    assert units.seconds(text) <= units.seconds(more)


@given(st.integers(1, 10**13), st.floats(1, 1.01))
def test_shown_sizes_come_back_and_keep_the_order(value: int, factor: float) -> None:
    text, more = units.size(value), units.size(int(value * factor))
    assert NUMBER.fullmatch(text)
    assert float(text.split()[0]) < 1000 or value > 999e9
    assert units.size_in_bytes(text) == pytest.approx(value, rel=0.051)
    assert units.size_in_bytes(text) <= units.size_in_bytes(more)


@given(st.floats(1e-9, 1e6))
def test_times_come_back(value: float) -> None:
    for unit, one in TIMES.items():
        assert units.seconds(f"{value / one!r} {unit}") == pytest.approx(value, rel=1e-12)
    assert units.seconds(f"{value!r}s") == value
    assert units.seconds(units.exact_duration(value)) == pytest.approx(value, rel=1e-9)
    assert units.seconds(units.duration(value)) == pytest.approx(value, rel=5.1e-3)


@given(st.integers(1, 10**15))
def test_sizes_come_back(value: int) -> None:
    assert units.size_in_bytes(f"{value}B") == value
    assert units.size_in_bytes(units.exact_size(value)) == pytest.approx(value, rel=1e-9, abs=1)
    for unit in ("KiB", "MiB", "GiB"):
        assert units.size_in_bytes(f"{value} {unit}") == value * SIZES[unit]


@given(
    st.text(max_size=12) | st.from_regex(r"[+-]?[0-9.]{1,4}[eE][+-]?[0-9]{1,25} ?([µmn]?s|[kMG]i?B)?", fullmatch=True)
)
def test_any_other_text_is_refused_in_one_line(text: str) -> None:
    for parse in (units.seconds, units.size_in_bytes):
        with contextlib.suppress(PlanError):
            assert 0 < parse(text) < 1e45
    with contextlib.suppress(PlanError):
        assert units.number(text, least=0) >= 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), (255, "255"), (650_979, "651 k"), (999_999, "1.00 M"), (1_367_781, "1.37 M"),
     (17_655_885_312, "17.7 G")],
)  # fmt: skip
def test_large_numbers_have_three_digits(value: int | None, text: str) -> None:
    assert units.count(value) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0021, "2.10 ms"), (12e-6, "12.0 µs"), (None, ""), (0.25, "250 ms")])
def test_durations(seconds: float | None, text: str) -> None:
    assert units.duration(seconds) == text
