"""Which part of each record a network takes: leads, rate and window, from the options of the dataset."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from edgebench.core.datasets import Option
from edgebench.core.errors import BadRecord, DataError, MissingPackage
from edgebench.core.inputs import InputSpec
from edgebench.core.problems import shown
from edgebench.data.chosen_options import listed
from edgebench.data.ptbxl.index import RATES
from edgebench.data.signals import LEADS, ecg

SECONDS = 10
"""Length of each of PTB-XL's records."""
OPTIONS: Mapping[str, Option] = {
    "rate_hz": Option("100", "samples a second; all but 100 and 500 are resampled", low=10, high=1000),
    "from_hz": Option("", "stored rate to resample: 100 or 500; without it 500 for rates above 100", ("100", "500")),
    "leads": Option("", "leads in the network's order, such as II or V1,II; all twelve without it"),
    "seconds": Option(str(SECONDS), "length of the one window that is taken of each record"),
    "start": Option("0", "second of the record at which the window begins"),
}
NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class View:
    """The part of a record."""

    leads: tuple[str, ...]
    rate_hz: int
    stored_hz: int
    """Rate of the files that it is made of."""
    first: int
    """Sample at `rate_hz` with which the window begins."""
    samples: int

    @property
    def spec(self) -> InputSpec:
        """The input of a network that takes it."""
        return ecg(self.leads, self.samples, self.rate_hz)

    @property
    def label(self) -> str:
        """What it is, as a part of the dataset's name in tables; empty for whole records of twelve leads at 100 Hz."""
        resampled = f" from {self.stored_hz} Hz" if self.rate_hz != self.stored_hz else ""
        start, end = (Fraction(n, self.rate_hz) for n in (self.first, self.first + self.samples))
        parts = (
            f", {'lead' if len(self.leads) == 1 else 'leads'} {' '.join(self.leads)}" if self.leads != LEADS else "",
            f", {self.rate_hz} Hz{resampled}" if self.rate_hz != 100 or resampled else "",
            f", seconds {float(start):g} to {float(end):g}" if start or end != SECONDS else "",
        )
        return "".join(parts)

    def of(self, record: NDArray[np.int16]) -> NDArray[np.int16]:
        """The part of a record of twelve leads, int16 microvolts of shape (12, SECONDS * stored_hz).

        The whole record is resampled, so a window inside of it has no edges of its own. Raises BadRecord,
        MissingPackage.
        """
        rows = record if self.leads == LEADS else record[[LEADS.index(lead) for lead in self.leads]]
        if self.rate_hz != self.stored_hz:
            rows = _resampled(rows, self.rate_hz, self.stored_hz)
        return np.ascontiguousarray(rows[:, self.first : self.first + self.samples])


def view_of(options: Mapping[str, str]) -> View:
    """The part that complete options ask for; raises DataError with one line."""
    rate = int(options["rate_hz"])
    stored = int(options["from_hz"] or (rate if rate in RATES else min(r for r in RATES if r >= min(rate, max(RATES)))))
    leads = tuple(lead.upper() for lead in listed(options["leads"])) or LEADS
    for lead in leads:
        if lead not in LEADS:
            raise DataError(f"ptbxl: leads: {shown(lead)} is not one of {', '.join(LEADS)}")
        if leads.count(lead) > 1:
            raise DataError(f"ptbxl: leads: {lead} is there twice")
    seconds, start = _seconds(options, "seconds"), _seconds(options, "start")
    if not seconds or start + seconds > SECONDS:
        raise DataError(f"ptbxl: seconds={options['seconds']} from start={options['start']}: a record has {SECONDS} s")
    for name, value in (("seconds", seconds), ("start", start)):
        if (value * rate).denominator != 1:
            raise DataError(f"ptbxl: {name}={options[name]}: not a whole number of samples at {rate} Hz")
    return View(leads, rate, stored, int(start * rate), int(seconds * rate))


def _seconds(options: Mapping[str, str], name: str) -> Fraction:
    if not NUMBER.fullmatch(options[name]):
        raise DataError(f"ptbxl: {name}={options[name][:40]}: must be a number of seconds from 0 to {SECONDS}")
    return Fraction(options[name])


def _resampled(rows: NDArray[np.int16], rate_hz: int, stored_hz: int) -> NDArray[np.int16]:
    """Polyphase resampling (scipy.signal.resample_poly, Kaiser window); the ends continue along a straight line."""
    try:
        from scipy.signal import resample_poly
    except ModuleNotFoundError:
        raise MissingPackage("scipy", "data", "resampling PTB-XL") from None
    shared = math.gcd(rate_hz, stored_hz)
    found = np.rint(resample_poly(rows.astype(float), rate_hz // shared, stored_hz // shared, axis=1, padtype="line"))
    if np.abs(found).max() > np.iinfo(np.int16).max:
        raise BadRecord("resampled beyond ±32.767 mV")
    return np.asarray(found, np.int16)
