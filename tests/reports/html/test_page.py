"""The texts of one machine's section."""

from __future__ import annotations

from dataclasses import replace

from flat_rows import changed
from report_rows import OK, failed, run_of

from edgebench.core.measurements import Run
from edgebench.reports import machines
from edgebench.reports.html import page


def section(run: Run) -> dict[str, object]:
    (machine,) = machines.split(run)
    return page.section(run, machine, 3)


def test_it_counts_and_names_what_is_shown() -> None:
    emulated = changed(OK, target="pi", emulated=True, verdict="emulated")
    run = replace(
        run_of(OK, emulated, failed("bad", "it broke")),
        plan={"targets": ["host", "pi"], "measuring": {"processes": 3, "warmup": 10, "min_samples": 100}},
    )
    found = section(run)
    assert (found["id"], found["number"], found["name"], found["runs"]) == ("machine-3", 3, "a machine", ("r",))
    assert (found["cells"], found["measured"], found["emulated"]) == (3, 2, ["pi"])
    assert (found["records"], found["dataset"], found["synthetic"]) == (240, "demo (synthetic)", True)
    assert found["without"] == [("resnet1d bad", "host", "failed", "it broke")]
    assert found["measuring"] == {"processes": 3, "warmup": 10, "samples": 100, "seconds": None, "emulated": 1}
    assert [a["target"] for a in found["advice"]] == ["host", "pi"]  # type: ignore[attr-defined]


def test_where_nothing_was_measured_nothing_is_recommended() -> None:
    found = section(run_of(failed("bad", "it broke")))
    assert (found["measured"], found["advice"], found["records"], found["synthetic"]) == (0, [], 0, False)


def test_real_records_are_not_called_synthetic() -> None:
    assert section(run_of(changed(OK, dataset="PTB-XL")))["synthetic"] is False


def test_facts_that_are_not_known_are_omitted() -> None:
    assert page.facts({}) == []
    assert page.facts({"cpu": "A processor", "cores": 4, "virtual": False, "temperature_c": None, "board": ""}) == [
        ("processor", "A processor"), ("cores", "4"),
    ]  # fmt: skip
    assert dict(page.facts({
        "temperature_c": 41.4, "load_average": 0.0, "memory_bytes": 8_000_000_000, "virtual": True,
        "instruction_sets": ["avx2", "fma"], "cuda": ["NVIDIA X"], "target_threads": {"host": 2, "pi": 4},
        "packages": {"numpy": "2.4"},
    })) == {
        "temperature at start": "41 °C", "load at start": "0.00", "memory": "8.00 GB", "virtual machine": "yes",
        "instruction sets": "avx2, fma", "GPU": "NVIDIA X", "threads": "2 on host, 4 on pi", "packages": "numpy 2.4",
    }  # fmt: skip
