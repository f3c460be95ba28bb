"""The data of the charts: a list for each measured cell, and the shape of its raw latencies."""

from __future__ import annotations

import numpy as np
import pytest
from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench.reports import machines
from edgebench.reports.html import cells


def test_values_are_in_the_order_of_the_fields() -> None:
    emulated = changed(OK, target="pi", emulated=True, verdict="emulated", f1_by_class={"MI": 0.5, "CD": 0.4})
    run = run_of(OK, emulated, failed("bad", "it broke"))
    (machine,) = machines.split(run)
    found = cells.of_machine(run, machine)
    first, second = (dict(zip(found["fields"], cell, strict=True)) for cell in found["cells"])
    assert (found["name"], found["classes"]) == ("a machine", ["NORM", "MI", "CD"])
    assert (first["exporter"], first["timing"], first["front"], first["emulated"]) == ("onnx", "stable", 1, 0)
    assert (first["latency_p50_s"], first["score"], first["energy_j"]) == (0.0021, 0.7, None)
    assert first["classes"] == [0.8, 0.6, None] and second["classes"] == [None, 0.5, 0.4]
    assert (second["front"], second["emulated"], second["shape"]) == (0, 1, None)


def test_a_machine_without_a_name_has_one() -> None:
    run = run_of(changed(OK, host=""))
    (machine,) = machines.split(run)
    assert cells.of_machine(run, machine)["name"] == cells.UNKNOWN


def test_the_shape_by_hand() -> None:
    assert cells.shape([]) is None
    assert cells.shape([np.full(9, 0.5)]) == {"at": [0.5] * 6, "bars": [99] + [0] * 31}
    found = cells.shape([np.array([1.0, 1.0, 1.0, 4.0])])
    assert found is not None
    assert found["at"][:3] == [1.0] * 3 and found["at"][-1] == pytest.approx(1 + 3 * 0.985, rel=1e-4)
    assert found["bars"] == [99] + [0] * 30 + [33], "three samples and one, at the ends"


def test_each_process_counts_alike() -> None:
    """The longer one is cut: its last samples would weigh more."""
    short, long = np.full(3, 1.0), np.concatenate([np.full(3, 2.0), np.full(97, 9.0)])
    found = cells.shape([short, long])
    assert found is not None and found["at"][-1] == 2.0 and found["bars"][0] == found["bars"][-1] == 99


def test_numbers_have_five_digits() -> None:
    assert (cells.rounded(0.00123456789), cells.rounded(123456.789)) == (0.0012346, 123460.0)
