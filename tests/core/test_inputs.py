from __future__ import annotations

import pytest

from edgebench.core.inputs import InputSpec


def test_an_input_in_words() -> None:
    ecg = InputSpec((12, 1000), ("lead", "sample"), "mV", {"lead": tuple("abcdefghijkl")}, 100)
    assert str(ecg) == "12 leads x 1000 samples at 100 Hz in mV"
    assert str(InputSpec((1, 28, 28), ("channel", "row", "column"))) == "1 channel x 28 rows x 28 columns"


def test_axes_and_names_fit_the_shape() -> None:
    with pytest.raises(ValueError, match="axes"):
        InputSpec((12, 1000), ("lead",))
    with pytest.raises(ValueError, match="lead"):
        InputSpec((12, 1000), ("lead", "sample"), names={"lead": ("I", "II")})
