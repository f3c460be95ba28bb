"""The front of latency against parameters, and its picture."""

from __future__ import annotations

from dataclasses import replace

from decisions import cell

from edgebench.core.measurements import Measurement
from edgebench.core.results import Network
from edgebench.reports.parameters_picture import front, fronts


def untrained(name: str, latency: float, parameters: int | None) -> Measurement:
    m = cell(name, latency, latency, latency, 1000, 100, 0.7)
    assert m.artifact
    return replace(m, scores=None, artifact=replace(m.artifact, untrained=True, network=Network(parameters)))


ROWS = [
    untrained("small", 0.001, 10_000), untrained("beaten", 0.004, 20_000), untrained("large", 0.003, 10**6),
    untrained("as large, slower", 0.005, 10**6),
]  # fmt: skip


def test_a_faster_one_with_as_many_parameters_takes_a_cell_off_the_front() -> None:
    assert [m.cell.exporter for m in front(ROWS)] == ["small", "large"]


def test_the_picture_names_the_front_and_is_the_same_each_time() -> None:
    drawn = fronts(ROWS, "report-parameters", {})
    assert drawn == fronts(ROWS, "report-parameters", {})
    (picture,) = drawn
    assert "net small" in picture.svg and "net large" in picture.svg and "net beaten" not in picture.svg


def test_only_untrained_cells_of_known_size_that_count_are_drawn() -> None:
    trained = cell("onnx", 0.5, 0.5, 0.5, 10**6, 10**6, 0.7)
    assert fronts([trained, untrained("unknown", 0.001, None), replace(ROWS[0], emulated=True)], "x", {}) == []
