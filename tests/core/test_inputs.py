from __future__ import annotations

from dataclasses import replace

import pytest

from edgebench.core.inputs import InputSpec
from edgebench.core.problems import InvalidValue


def test_an_input_in_words() -> None:
    ecg = InputSpec((12, 1000), ("lead", "sample"), "mV", {"lead": tuple("abcdefghijkl")}, 100)
    assert str(ecg) == "12 leads x 1000 samples at 100 Hz in mV"
    assert str(InputSpec((1, 28, 28), ("channel", "row", "column"))) == "1 channel x 28 rows x 28 columns"


def test_axes_and_names_fit_the_shape() -> None:
    with pytest.raises(ValueError, match="axes"):
        InputSpec((12, 1000), ("lead",))
    with pytest.raises(ValueError, match="lead"):
        InputSpec((12, 1000), ("lead", "sample"), names={"lead": ("I", "II")})
    for shape, axes in (((), ()), ((0, 3), ("lead", "sample")), ((-1,), ("value",))):
        with pytest.raises(InvalidValue):
            InputSpec(shape, axes)


def test_what_a_network_does_not_take_is_said_in_words() -> None:
    ecg = InputSpec((2, 10), ("lead", "sample"), "mV", {"lead": ("I", "II")}, 100)
    assert ecg.mismatch(ecg, "x") == "" == ecg.mismatch(replace(ecg, names={}), "x")
    assert "II, I" in ecg.mismatch(replace(ecg, names={"lead": ("II", "I")}), "x")
    for other in (replace(ecg, rate_hz=500), replace(ecg, unit="uV"), replace(ecg, shape=(2, 11))):
        assert str(ecg) in ecg.mismatch(other, "x") and str(other) in ecg.mismatch(other, "x")
