"""Reports are pure functions of the measurements."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from flat_rows import changed, value
from report_rows import OK, failed, run_of, text_of
from rich.console import Console

from edgebench.choosing import pareto
from edgebench.core import registry
from edgebench.core.measurements import Run
from edgebench.core.policy import Policy
from edgebench.pipeline import run_store
from edgebench.reports import terminal, words

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"


@pytest.mark.parametrize("name", registry.names("renderers"))
def test_contract(name: str) -> None:
    renderer = registry.renderer(name)
    run = run_of(OK, changed(OK, exporter="eager", latency_p50_s=0.009), failed("bad", "it broke"))
    files = renderer.render(run)
    assert files == renderer.render(replace(run, measurements=run.measurements[::-1])), "the order of rows is its own"
    assert all(not Path(file).is_absolute() and ".." not in Path(file).parts for file in files)
    text = text_of(name, run)
    assert "it broke" in text
    assert "demo (synthetic)" in text
    own = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)  # of a page: what is not its programs
    assert not re.search(r"\bnan\b", own, re.IGNORECASE)


@pytest.mark.parametrize("name", registry.names("renderers"))
def test_another_process_writes_the_same_bytes(name: str) -> None:
    """Sets and hashes of texts differ from process to process; what is written does not."""
    code = (
        "import hashlib; from pathlib import Path; from edgebench.core import registry;"
        "from edgebench.pipeline import run_store;"
        f"files = registry.renderer({name!r}).render(run_store.read(Path({str(REFERENCE / 'ptbxl-x86')!r})));"
        "print([(k, hashlib.sha256(v.encode() if isinstance(v, str) else v).hexdigest()) for k, v in files.items()])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert said[0] == said[1] and registry.renderer(name).file in said[0]


def test_emulated_cells_are_never_ranked() -> None:
    emulated = changed(OK, target="pi", emulated=True, verdict="emulated", latency_p50_s=1e-6)
    assert pareto.front([OK, emulated], Policy()) == {OK.cell.id}
    assert "`emulated`" in text_of("md", run_of(OK, emulated))


NOISY = changed(OK, exporter="eager", verdict="noisy", verdict_reason="its processes differ by 1.31 times")


def test_every_report_says_what_to_doubt_and_why() -> None:
    run = run_of(
        OK, NOISY, changed(OK, exporter="onnx-int8", verdict="throttled", verdict_reason="slowed down (GPU: x)")
    )
    console = Console(width=80, record=True, file=io.StringIO())
    terminal.show(run, console)
    shown = console.export_text()
    assert "resnet1d eager on host, noisy: its processes differ by 1.31 times\n" in shown
    assert "resnet1d onnx-int8 on host, throttled: slowed down (GPU: x)\n" in shown
    assert "resnet1d onnx on host" not in shown
    rows = list(csv.DictReader(io.StringIO(text_of("csv", run))))
    assert {(row["verdict"], row["verdict_reason"]) for row in rows} == {
        (value(m, "verdict"), value(m, "verdict_reason")) for m in run.measurements
    }
    section = text_of("md", run).partition(f"## {words.DOUBTED}\n\n")[2].partition("\n\n")[0]
    assert section.splitlines() == [
        "- **resnet1d eager** on host, noisy: its processes differ by 1.31 times",
        "- **resnet1d onnx-int8** on host, throttled: slowed down (GPU: x)",
    ]


def other_machine() -> Run:
    """The same cells on a board, in a run that is named alike."""
    rows = (changed(OK, host="a board", latency_p50_s=0.02), changed(OK, host="a board", exporter="onnx-int8"))
    return Run("r2", Path("r2"), {"targets": ["host"], "measuring": {}}, {"cpu": "Cortex"}, rows)


def test_machines_are_never_in_one_table() -> None:
    both = run_store.merged([run_of(OK, failed("bad", "it broke")), other_machine()])
    text = text_of("md", both)
    machine, board = text.index("## On a machine"), text.index("## On a board")
    assert board < machine and text.count("| model ") == 3, "a table each, and the cells without numbers"
    first, second = text[board:machine], text[machine:]
    assert "20.00 ms" in first and "20.00 ms" not in second and "onnx-int8" not in second
    assert first.count("| ★ ") == 2 and second.count("| ★ ") == 1, "none is held against another machine's"
    assert "### Measured on\n\n- processor: Cortex" in first and "Cortex" not in second
    assert "it broke" in second and "it broke" not in first
    lines = list(csv.DictReader(io.StringIO(text_of("csv", both))))
    assert [line["host"] for line in lines] == ["a board", "a board", "a machine", "a machine"]
    assert [line["pareto"] for line in lines] == ["True", "True", "True", ""], "each by its own machine's cells"
    console = Console(width=120, record=True)
    terminal.show(both, console)
    shown = console.export_text()
    assert "host, a board" in shown and "host, a machine" in shown


def test_every_report_says_that_a_run_is_not_complete() -> None:
    plan = {"targets": ["host"], "measuring": {}, "models": ["resnet1d"], "variants": ["none"], "exporters": ["a", "b"]}
    run = replace(run_of(OK), plan=plan, folder=Path("some/where"))
    again = "edgebench run --resume r"
    assert again in text_of("md", run)
    assert again in text_of("html", run)
    assert again not in text_of("md", replace(run, plan={**plan, "exporters": ["a"]}))
