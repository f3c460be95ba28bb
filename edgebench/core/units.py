"""Numbers with their units as people write and read them: `20ms` and `5 MB` into seconds and bytes, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from edgebench.core.errors import PlanError

SECONDS: Mapping[str, Decimal] = {"s": Decimal(1), "ms": Decimal("1e-3"), "µs": Decimal("1e-6"), "ns": Decimal("1e-9")}
BYTES: Mapping[str, Decimal] = {
    "B": Decimal(1), "kB": Decimal(10**3), "MB": Decimal(10**6), "GB": Decimal(10**9),
    "KiB": Decimal(2**10), "MiB": Decimal(2**20), "GiB": Decimal(2**30),
}  # fmt: skip
SPANS: Mapping[str, Decimal] = {"s": Decimal(1), "m": Decimal(60), "min": Decimal(60), "h": Decimal(3600)}
_SAME = {"us": "µs", "μs": "µs", "KB": "kB"}
"""Other spellings, the Greek letter for the micro sign among them."""
_BITS = ("Kb", "Mb", "Gb", "Kib", "Mib", "Gib")
"""What means bits; all small, as in `mb`, it is only typed in haste."""
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.ASCII | re.DOTALL)
_COMMA = re.compile(r"\s*([+-]?\d{1,9}),(\d{1,9})\s*([a-zA-Zµμ]{0,3})\s*", re.ASCII)
_POWERS = 30
"""Numbers of more digits than this, before or behind the point, are slips of the keyboard, and slow to compute."""


def seconds(text: str, what: str = "a time") -> float:
    """Seconds of a text such as `20ms`, `1.5 s` or `800µs`; more than 0. Raises PlanError that names `what`."""
    found = _value(text, what, SECONDS, "20ms")
    if found <= 0:
        raise PlanError(f"{what} '{text}': must be more than 0")
    return float(found)


def span(text: str, what: str = "a time") -> float:
    """Seconds of a longer time such as `90s`, `45m` or `1.5h`; more than 0. Raises PlanError that names `what`."""
    found = _value(text, what, SPANS, "45m")
    if found <= 0:
        raise PlanError(f"{what} '{text}': must be more than 0")
    return float(found)


def size_in_bytes(text: str, what: str = "a size") -> int:
    """Whole bytes of a text such as `5MB` or `1.5 MiB`; at least 1. Raises PlanError that names `what`."""
    found = int(_value(text, what, BYTES, "5MB"))
    if found < 1:
        raise PlanError(f"{what} '{text}': must be at least 1 B")
    return found


def number(text: str, what: str = "a number", example: str = "0.72", least: float | None = None) -> float:
    """A text such as `0.72`, at least `least`. Raises PlanError that names `what`."""
    known = f"a number{'' if least is None else f' of at least {least:g}'}, such as {example}"
    _refuse_comma(text, what)
    parts = _NUMBER.fullmatch(text)
    if parts is None or parts[2]:
        raise PlanError(f"{what} '{text}': expected {known}")
    found = _decimal(parts[1], f"{what} '{text}'")
    if least is not None and found < least:
        raise PlanError(f"{what} '{text}': must be {known}")
    return float(found) + 0.0  # so that -0 is 0


def _value(text: str, what: str, units: Mapping[str, Decimal], example: str) -> Decimal:
    known = f"a number with one of {', '.join(units)}, such as {example}"
    _refuse_comma(text, what)
    parts = _NUMBER.fullmatch(text)
    if parts is None:
        raise PlanError(f"{what} '{text}': expected {known}")
    number, unit = parts.groups()
    if not unit:
        raise PlanError(f"{what} '{text}': which unit? Give {known}")
    unit = _SAME.get(unit, unit)
    if unit not in units and unit not in _BITS:
        unit = next((name for name in units if units is BYTES and name.lower() == unit.lower()), unit)
    if unit not in units:
        raise PlanError(f"{what} '{text}': unknown unit '{unit}'; give {known}")
    return _decimal(number, f"{what} '{text}'") * units[unit]


def _refuse_comma(text: str, what: str) -> None:
    """Raise PlanError, which says how to write it, for a number with a comma where its decimal point should be."""
    if parts := _COMMA.fullmatch(text):
        whole, fraction, unit = parts.groups()
        raise PlanError(f"{what} '{text}': a comma is no decimal point; write {whole}.{fraction}{unit}")


def _decimal(number: str, what: str) -> Decimal:
    """The number that a text spells, exactly. Raises PlanError where no time, size or share is like that."""
    try:
        found = Decimal(number)
    except InvalidOperation:  # an exponent that even this type does not take
        raise PlanError(f"{what}: the exponent is out of range") from None
    if found and abs(found.adjusted()) > _POWERS:
        raise PlanError(f"{what}: too {'large' if found.adjusted() > 0 else 'small'} a number")
    return found if found else Decimal(0)


def size(value: float | None) -> str:
    """Bytes in MB of 10⁶, with two decimals below 10; in kB or B below 0.1 MB, and in GB from 1000 MB on."""
    if value is None:
        return ""
    rounded = _rounded(value)  # first, so that 999,999,999 is 1.00 GB and not 1000 MB
    if 1e5 <= rounded < 1e9:
        return f"{value / 1e6:.2f} MB" if rounded < 10e6 else f"{value / 1e6:.0f} MB"
    return f"{value:.0f} B" if rounded < 1e3 else _three_digits(rounded, (("GB", 1e9), ("kB", 1e3)))


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
    """Seconds in s, ms, µs or ns, with three digits; the unit is that of the rounded number."""
    if value is None:
        return ""
    return _three_digits(_rounded(value), (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))) if value else "0 s"


def exact_duration(value: float) -> str:
    """A time that the user set, with all its digits: `20 ms`, not `20.0 ms`."""
    return _exact(value, (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)))


def exact_size(value: float) -> str:
    """A size that the user set, with all its digits."""
    return _exact(value, (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)))


def _exact(value: float, units: tuple[tuple[str, float], ...]) -> str:
    unit, one = next((u for u in units if value >= u[1]), units[-1])
    return f"{value / one:.10g} {unit}"


def _rounded(value: float) -> float:
    """To three digits."""
    return float(f"{value:.3g}")


def _three_digits(rounded: float, units: tuple[tuple[str, float], ...]) -> str:
    """In the largest unit that is not larger, without an exponent."""
    unit, one = next((u for u in units if rounded >= u[1]), units[-1])
    number = rounded / one
    if number < 1:  # below the smallest unit, where more digits mean nothing
        return f"{number:.2f} {unit}"
    return f"{number:#.3g}".rstrip(".") + f" {unit}" if number < 1000 else f"{number:.0f} {unit}"
