from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from ptbxl_files import HOME, load, read, write

from edgebench.core.errors import BadRecord, DataError
from edgebench.data.chosen_options import chosen
from edgebench.data.ptbxl.view import OPTIONS, View, view_of
from edgebench.data.signals import ECG, LEADS


def asked(**options: str) -> View:
    return view_of(chosen("ptbxl", OPTIONS, options))


def tone(hz: float, rate: int, amplitude: float = 1000.0) -> NDArray[np.int16]:
    """Ten seconds of a sine on twelve leads, each a tenth of a turn later."""
    seconds, phase = np.arange(10 * rate) / rate, 0.2 * np.pi * np.arange(12)[:, None]
    return np.rint(amplitude * np.sin(2 * np.pi * hz * seconds + phase)).astype(np.int16)


def test_whole_records_of_twelve_leads_at_100_hz_unless_another_part_is_asked_for() -> None:
    view = asked()
    assert (view, view.spec, view.label) == (View(LEADS, 100, 100, 0, 1000), ECG, "")
    record = tone(7, 100)
    assert np.array_equal(view.of(record), record)


def test_leads_in_the_order_that_is_asked_for() -> None:
    view = asked(leads="v1, avr,II")
    assert view.leads == ("V1", "AVR", "II") == view.spec.names["lead"] and view.label == ", leads V1 AVR II"
    record = tone(7, 100)
    assert np.array_equal(view.of(record), record[[6, 3, 1]])


def test_a_window_of_some_seconds() -> None:
    view = asked(leads="II", seconds="2.56", start="4")
    assert view.spec.shape == (1, 256) and view.label == ", lead II, seconds 4 to 6.56"
    record = tone(7, 100)
    assert np.array_equal(view.of(record), record[[1], 400:656])
    assert asked(seconds="9", start="1").first == 100


@pytest.mark.parametrize(
    ("rate", "given", "stored"),
    [("100", "", 100), ("500", "", 500), ("250", "", 500), ("50", "", 100), ("1000", "", 500), ("250", "100", 100),
     ("100", "500", 500)],
)  # fmt: skip
def test_which_files_a_rate_is_made_of(rate: str, given: str, stored: int) -> None:
    view = asked(rate_hz=rate, from_hz=given)
    assert (view.stored_hz, view.samples, view.spec.rate_hz) == (stored, 10 * int(rate), int(rate))
    assert (f"from {stored} Hz" in view.label) == (stored != int(rate))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"rate_hz": "9"}, "from 10 to 1000"), ({"rate_hz": "62.5"}, "whole number"), ({"from_hz": "250"}, "100, 500"),
        ({"leads": "II,VI"}, "'VI' is not one of"), ({"leads": "I,II,i"}, "I is there twice"), ({"leads": ","}, "''"),
        ({"seconds": "0"}, "a record has 10 s"), ({"seconds": "11"}, "10 s"), ({"seconds": "8", "start": "3"}, "10 s"),
        ({"seconds": "-1"}, "number of seconds"), ({"seconds": "nan"}, "number of seconds"),
        ({"start": "1e0"}, "number of seconds"), ({"seconds": "2.555"}, "whole number of samples"),
        ({"start": "0.001", "seconds": "5"}, "whole number of samples"),
    ],
)  # fmt: skip
def test_what_no_record_has(options: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said) as caught:
        asked(**options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("stored", "rate"), [("100", "250"), ("500", "250"), ("500", "100"), ("500", "360")])
def test_resampling_keeps_what_both_rates_can_hold(stored: str, rate: str) -> None:
    view = asked(rate_hz=rate, from_hz=stored)
    for hz in (1, 25):
        off = np.abs(view.of(tone(hz, int(stored))).astype(float) - tone(hz, int(rate)))
        assert off[:, 50:-50].max() < 15, "1.5 %"
    level = np.full((12, 10 * int(stored)), 1234, np.int16)
    assert np.abs(view.of(level).astype(int) - 1234).max() <= 2, "the ends of a record do not fall to 0"


def test_resampling_takes_out_what_the_lower_rate_cannot_hold() -> None:
    assert np.abs(asked(rate_hz="100", from_hz="500").of(tone(80, 500)))[:, 50:-50].max() < 10


def test_a_window_of_a_resampled_record_is_a_part_of_it() -> None:
    whole, part = asked(rate_hz="250", from_hz="100"), asked(rate_hz="250", from_hz="100", start="2", seconds="4")
    record = tone(9, 100)
    assert np.array_equal(part.of(record), whole.of(record)[:, 500:1500])


def test_what_swings_beyond_the_stored_numbers_is_bad() -> None:
    record = np.tile(np.repeat(np.array([-32_767, 32_767], np.int16), 50), (12, 10))
    with pytest.raises(BadRecord, match=r"beyond ±32\.767 mV"):
        asked(rate_hz="250", from_hz="100").of(record)


def test_records_at_500_hz_become_one_lead_at_250_hz(ptbxl: Path) -> None:
    for number in (6, 12, 18):
        write(ptbxl / f"records500/00000/{number:05d}_hr", tone(number, 500).T / 1000, rate=500)
    found = load(ptbxl, options={"rate_hz": "250", "leads": "II", "seconds": "4"})
    assert found.label == "PTB-XL, lead II, 250 Hz from 500 Hz, seconds 0 to 4"
    assert str(found.input.spec) == "1 lead x 1000 samples at 250 Hz in mV" and found.ids.tolist() == [6, 12, 18]
    signals = np.load(found.input.path).astype(float)
    for row, number in enumerate((6, 12, 18)):
        assert np.abs(signals[row, 0, 50:] - tone(number, 250)[1, 50:1000]).max() < 15


def test_every_part_has_a_cache_entry_of_its_own(ptbxl: Path) -> None:
    parts: list[dict[str, str]] = [
        {}, {"leads": "II"}, {"leads": "V1"}, {"leads": "II,V1"}, {"leads": "V1,II"}, {"seconds": "5"},
        {"seconds": "5", "start": "5"}, {"rate_hz": "250", "from_hz": "100"}, {"min_likelihood": "10"},
    ]  # fmt: skip
    found = [load(ptbxl, options=part) for part in parts]
    assert len({records.input.path for records in found}) == len(parts)
    assert len({records.label for records in found}) == len(parts)
    physical = np.rint(read(ptbxl / HOME / "00006_lr").T * 1000)
    assert np.array_equal(np.load(found[4].input.path)[0], physical[[6, 1]])
    assert np.array_equal(np.load(found[6].input.path)[0], physical[:, 500:])
    assert load(ptbxl, options={"leads": ",".join(LEADS)}).input.path == found[0].input.path


def test_a_rate_that_was_not_fetched(ptbxl: Path) -> None:
    with pytest.raises(DataError, match=r"no records500 folder.*--rate 500 or .*from_hz=100"):
        load(ptbxl, options={"rate_hz": "250"})
    swing = np.where(np.arange(1000)[:, None] % 100 < 50, -32.767, 32.767) * np.ones(12)
    write(ptbxl / HOME / "00006_lr", swing)
    with pytest.raises(BadRecord, match=r"00006_lr\.dat: resampled beyond"):
        load(ptbxl, options={"rate_hz": "250", "from_hz": "100"})


@pytest.mark.ptbxl
def test_real_records_at_250_hz_pass_through_the_stored_samples(ptbxl_all: Path) -> None:
    both = [
        load(ptbxl_all, limit=40, options={"leads": "II", **more})
        for more in ({}, {"rate_hz": "250", "from_hz": "100"})
    ]
    before, after = (np.load(records.input.path).astype(float)[:, 0] for records in both)
    assert after.shape == (40, 2500) and both[0].ids.tolist() == both[1].ids.tolist()
    assert np.abs(after[:, ::5] - before[:, ::2]).max() <= 3, "microvolts"
    # Between them: the same as by Fourier series, but for the ends.
    spectrum = np.zeros((40, 1251), complex)
    spectrum[:, :501] = np.fft.rfft(before)
    smooth = np.fft.irfft(2.5 * spectrum, 2500)
    assert np.sqrt(np.mean((after - smooth)[:, 250:-250] ** 2)) < 0.05 * before.std()
    whole = load(ptbxl_all, limit=40)
    assert np.array_equal(np.load(whole.input.path)[:, 1], before.astype(np.int16)) and whole.label == "PTB-XL"
    assert whole.input.spec == ECG
