"""The table of what was timed besides single predictions."""

from __future__ import annotations

from flat_rows import changed
from report_rows import OK, failed

from edgebench.core.measurements import Measurement
from edgebench.reports import passes


def cells(*rows: Measurement) -> list[dict[str, str]]:
    """The rows of the table by their headings."""
    table = passes.table(rows).splitlines()
    head, _, *lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_each_way_has_its_column() -> None:
    full = changed(
        OK, load_s=0.04, first_inference_s=0.008, cold_load_s=0.4, cold_first_inference_s=0.02, paced_every_s=0.5,
        paced_p50_s=0.003, batch_throughputs_per_s={"1": 470.0, "16": 1234.5}, best_batch=16, energy_j=0.0123,
        energy_source="RAPL, whole package",
    )  # fmt: skip
    (row,) = cells(full)
    assert row == {
        "model": "resnet1d", "exporter": "onnx", "target": "host", "p50 latency": "2.10 ms",
        "paced": "3.00 ms every 0.5 s", "records/s": "470 at 1, 1234 at 16", "best batch": "16",
        "load, first": "40.0 ms, 8.00 ms", "cold": "400 ms, 20.0 ms",
        "energy (estimate)": "12.3 mJ, RAPL, whole package",
    }  # fmt: skip


def test_columns_that_no_cell_has_are_omitted() -> None:
    paced = changed(OK, paced_p50_s=0.003, paced_every_s=1.0)
    first, second, third = cells(paced, OK, failed("bad", "it broke"))
    assert list(first) == ["model", "exporter", "target", "p50 latency", "paced"]
    assert (first["paced"], second["paced"], third["p50 latency"]) == ("3.00 ms every 1 s", "", "")
    (plain,) = cells(OK)
    assert "load, first" not in plain, "a warm load is compared with a cold one only"


def test_names_are_escaped() -> None:
    assert "a \\| b" in passes.table([changed(OK, model="a | b")])
