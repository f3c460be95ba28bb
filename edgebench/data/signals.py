"""An ECG as every network for it takes it, and how PTB-XL's signals are stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgebench.core.expected import Expected
from edgebench.core.inputs import InputSpec, Storage, StoredInput

LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""PTB-XL's order of the twelve leads."""

SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
"""PTB-XL's five diagnostic superclasses, in the order of every label array and of every model's output."""

MICROVOLTS = Storage("int16", 1000.0)
"""Int16 microvolts of an input in millivolts."""


def ecg(leads: Sequence[str] = LEADS, samples: int = 1000, rate_hz: float = 100.0) -> InputSpec:
    """The raw signal, shape (leads, samples), in mV."""
    return InputSpec((len(leads), samples), ("lead", "sample"), "mV", {"lead": tuple(leads)}, float(rate_hz))


ECG = ecg()
"""Ten seconds of twelve leads at 100 Hz."""
FOR_ECG = Expected(ECG, label="an ECG", task="multilabel")
"""What a user's network takes where no records say it."""


def stored(path: Path, spec: InputSpec = ECG) -> tuple[StoredInput, ...]:
    """The only input of records whose signals are in a .npy file of int16 microvolts, shape (records, *spec.shape)."""
    return (StoredInput("input", spec, MICROVOLTS, path),)
