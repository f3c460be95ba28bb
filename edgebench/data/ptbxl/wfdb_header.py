"""The header of a WFDB record (.hea), read strictly: what PTB-XL's have, and nothing else.

The grammar is https://physionet.org/physiotools/wag/header-5.htm. Whatever a header claims, reading it costs a few
milliseconds: its size is bounded, and no number in it is used before it was compared with what is needed.
"""

from __future__ import annotations

import math
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from edgebench.core.errors import BadRecord
from edgebench.data.signals import LEADS

MOST_BYTES = 1 << 16
"""PTB-XL's headers have 600 bytes."""
FORMAT = "16"
"""Two bytes a sample, the low one first, all leads of one moment together."""
RECORD = re.compile(r"[-\w]+(?P<segments>/\d+)?\s+(?P<leads>\d{1,9})(?:\s+(?P<rest>.*))?", re.ASCII)
RATE = re.compile(r"(?P<rate>\d{1,9}(?:\.\d{1,9})?)(?:/\S*)?", re.ASCII)
STORED = re.compile(
    r"(?P<format>\d{1,4})(?:x(?P<frame>\d{1,9}))?(?::(?P<skew>\d{1,9}))?(?:\+(?P<offset>\d{1,9}))?", re.ASCII
)
GAIN = re.compile(
    r"(?P<gain>-?\d{1,20}(?:\.\d{0,20})?(?:[eE][-+]?\d{1,3})?)(?:\((?P<baseline>-?\d{1,10})\))?(?:/(?P<unit>\S+))?",
    re.ASCII,
)
WHOLE = re.compile(r"-?\d{1,10}", re.ASCII)
FIELDS = ("adc_resolution", "adc_zero", "initial_value", "checksum", "block_size")
"""The whole numbers after a lead's gain; a header may end each line after any of them."""


@dataclass(frozen=True)
class Lead:
    """One lead of a record."""

    name: str
    gain: float
    """Steps of the converter in a millivolt."""
    baseline: int
    """The converter's value for 0 mV."""
    checksum: int | None
    """The sum of all samples, of which 16 bits count; None where the header has none."""


@dataclass(frozen=True)
class Header:
    """What the samples of a record mean; leads in the order of the file."""

    leads: tuple[Lead, ...]
    samples: int | None
    """Samples of each lead; None where only the size of the .dat tells."""


def read_header(record: Path, rate_hz: int) -> Header:
    """Read the header of a record (its path without suffix). Raises BadRecord where it does not fit PTB-XL."""
    path = record.with_name(f"{record.name}.hea")
    # Reasons show parts of the header, so nothing in it may move a cursor.
    text = re.sub(r"[^\n\r\t -~]", "\ufffd", read_bounded(path, MOST_BYTES).decode("ascii", errors="replace"))
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if line and not line.startswith("#")]
    first = RECORD.fullmatch(lines[0]) if lines else None
    if first is None:
        raise BadRecord(f"{path}: not a WFDB header")
    if first["segments"]:
        raise BadRecord(f"{path}: a record of several segments")
    if int(first["leads"]) != len(LEADS):
        raise BadRecord(f"{path}: {int(first['leads'])} leads where {len(LEADS)} are needed")
    samples = _samples(path, (first["rest"] or "").split(), rate_hz)
    if len(lines) != 1 + len(LEADS):
        raise BadRecord(f"{path}: {len(lines) - 1} lines of leads where {len(LEADS)} are needed")
    leads = tuple(_lead(path, number, line) for number, line in enumerate(lines[1:], 1))
    names = [lead.name.upper() for lead in leads]
    if sorted(names) != sorted(LEADS):
        raise BadRecord(f"{path}: leads {', '.join(names)[:120]}; needed: {', '.join(LEADS)}")
    return Header(leads, samples)


def read_bounded(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes; raises BadRecord for any other."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait, a device would never end
            raise BadRecord(f"{path}: not a file")
        with path.open("rb") as stream:
            content = stream.read(most + 1)
    except FileNotFoundError:
        raise BadRecord(f"{path}: missing") from None
    except OSError as error:
        raise BadRecord(f"{path}: cannot be read ({error.strerror})") from None
    if len(content) > most:
        raise BadRecord(f"{path}: more than {most} bytes")
    return content


def _samples(path: Path, rest: list[str], rate_hz: int) -> int | None:
    """The number of samples, from what follows the number of leads: rate, samples, time and date."""
    rate = RATE.fullmatch(rest[0] if rest else "250")  # the format's default
    if rate is None or float(rate["rate"]) != rate_hz:
        given = rest[0][:20] if rest else "250"
        raise BadRecord(f"{path}: sampled at {given} Hz, not {rate_hz} Hz")
    if len(rest) < 2:
        return None
    if not WHOLE.fullmatch(rest[1]) or int(rest[1]) < 0:
        raise BadRecord(f"{path}: '{rest[1][:20]}' is not a number of samples")
    return int(rest[1]) or None  # 0 says that it is not known


def _lead(path: Path, number: int, line: str) -> Lead:
    file, stored, gained, *rest = [*line.split(), "", ""]
    numbers: dict[str, int] = {}
    for name in FIELDS:
        if rest and WHOLE.fullmatch(rest[0]):
            numbers[name] = int(rest.pop(0))
    lead = " ".join(rest).strip() or f"signal {number}"
    where = f"{path}: lead {lead[:20]}"
    if file != (expected := f"{path.stem}.dat"):
        raise BadRecord(f"{where}: its samples are in '{file[:40]}', not in {expected}")
    found = STORED.fullmatch(stored)
    if found is None or found["format"] != FORMAT:
        raise BadRecord(f"{where}: in WFDB's format '{stored[:20]}'; PTB-XL's records are in format {FORMAT}")
    for part, only in (("frame", 1), ("skew", 0), ("offset", 0)):
        if found[part] is not None and int(found[part]) != only:
            raise BadRecord(f"{where}: stored as '{stored[:20]}'; PTB-XL's records as {FORMAT}")
    gain = GAIN.fullmatch(gained)
    if gain is None or not float(gain["gain"]) or not math.isfinite(float(gain["gain"])):
        raise BadRecord(f"{where}: gain '{gained[:20]}', so its millivolts are unknown")
    if (unit := gain["unit"] or "mV").lower() != "mv":
        raise BadRecord(f"{where}: in {unit[:20]}, not in mV")
    baseline = int(gain["baseline"]) if gain["baseline"] else numbers.get("adc_zero", 0)
    return Lead(lead, float(gain["gain"]), baseline, numbers.get("checksum"))
