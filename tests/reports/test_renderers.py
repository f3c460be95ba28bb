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
from edgebench.core.errors import RunError
from edgebench.core.measurements import Run
from edgebench.pipeline import run_store
from edgebench.reports import columns, machines, terminal, words

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"
HEADER = (
    "run,model,variant,exporter,format,precision,target,status,reason,emulated,file_size_bytes,parameters,"
    "sparsity,zip_size_bytes,macs,parameters_before,macs_before,sparsity_before,peak_rss_bytes,"
    "model_rss_bytes,runtime_rss_bytes,peak_device_bytes,load_s,first_inference_s,cold_load_s,"
    "cold_first_inference_s,latency_p50_s,latency_p50_low_s,latency_p50_high_s,latency_min_s,latency_p90_s,"
    "latency_p95_s,latency_p99_s,latency_max_s,latency_samples,process_medians_s,throughput_per_s,"
    "paced_every_s,paced_p50_s,paced_p50_low_s,paced_p50_high_s,batch_throughputs_per_s,best_batch,energy_j,"
    "energy_source,verdict,verdict_reason,background_cores,drift,temperature_c,int8_operators,float_operators,"
    "conversions,int8_time_share,conversion_time_share,slowest_operator,slowest_operator_share,dataset,"
    "records,macro_f1,macro_f1_low,macro_f1_high,macro_auc,macro_auc_low,macro_auc_high,calibration_error,"
    "f1_by_class,delta_macro_f1,delta_low,delta_high,delta_macro_auc,delta_auc_low,delta_auc_high,agreement,"
    "max_abs_error,counterpart,counterpart_delta,counterpart_low,counterpart_high,artifact_sha256,host,pareto"
)


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


def test_csv_has_the_designs_columns_in_base_units() -> None:
    text = text_of("csv", run_of(OK, failed("bad", "a, quoted reason")))
    assert text.splitlines()[0] == HEADER
    good, bad = csv.DictReader(io.StringIO(text))
    assert (good["file_size_bytes"], good["latency_p50_s"], good["latency_samples"]) == ("5500000", "0.0021", "1500")
    assert (bad["reason"], bad["latency_p50_s"], bad["peak_rss_bytes"], bad["macro_f1"]) == (
        "a, quoted reason",
        "",
        "",
        "",
    )


def test_markdown_marks_the_best_and_keeps_its_table_whole() -> None:
    worse = changed(OK, exporter="torchscript", latency_p50_s=0.009, peak_rss_bytes=600_000_000)
    smaller = changed(OK, exporter="onnx-int8", file_size_bytes=1_500_000, latency_p50_s=0.003, macro_f1=0.69)
    text = text_of("md", run_of(OK, worse, smaller, failed("<b>|x", "a | b\nc")))
    starred = [line for line in text.splitlines() if line.startswith("| resnet1d") and "★" in line]
    assert len(starred) == 2
    assert not any("torchscript" in line for line in starred)
    assert "&lt;b>\\|x" in text
    assert "a \\| b c" in text


def test_markdown_compares_int8_with_plainer_int8() -> None:
    qat = changed(
        OK, exporter="onnx-int8", variant="qat", counterpart="onnx-int8", counterpart_delta=0.004,
        counterpart_low=-0.001, counterpart_high=0.009,
    )  # fmt: skip
    text = text_of("md", run_of(OK, qat))
    section = text.partition("## int8 compared with plainer int8")[2]
    assert "| resnet1d | onnx-int8 · qat | onnx-int8 | host     | +0.0040 (-0.0010 to +0.0090) |" in section
    assert "plainer" not in text_of("md", run_of(OK))


def test_emulated_cells_are_never_ranked() -> None:
    emulated = changed(OK, target="pi", emulated=True, verdict="emulated", latency_p50_s=1e-6)
    assert pareto.front([OK, emulated]) == {OK.cell.id}
    assert "`emulated`" in text_of("md", run_of(OK, emulated))


@pytest.mark.parametrize(
    ("low", "p50", "high", "text"),
    [
        (0.00353, 0.0036, 0.0037, "3.60 ms (3.53–3.70)"), (0.000353, 0.00036, 0.00037, "0.360 ms (0.353–0.370)"),
        (0.0000353, 0.000036, 0.000037, "0.0360 ms (0.0353–0.0370)"), (1e-9, 0.0036, 200.0, "3.60 ms (unsure)"),
    ],
)  # fmt: skip
def test_latencies_have_digits_that_tell(low: float, p50: float, high: float, text: str) -> None:
    m = changed(OK, latency_p50_low_s=low, latency_p50_s=p50, latency_p50_high_s=high)
    assert columns.latency(m) == text


@pytest.mark.parametrize(("seconds", "text"), [(0.0021, "2.10 ms"), (12e-6, "12.0 µs"), (None, ""), (0.25, "250 ms")])
def test_durations(seconds: float | None, text: str) -> None:
    assert columns.duration(seconds) == text


@pytest.mark.parametrize("width", [80, 120, 140])
def test_terminal_table_fits(width: int) -> None:
    console = Console(width=width, record=True, file=io.StringIO())
    long = changed(OK, exporter="torch-int8-dynamic", peak_rss_bytes=650_000_000)
    other = changed(long, model="mobilenetv3-small")
    terminal.show(run_of(OK, long, other, failed("bad", "it broke")), console)
    text = console.export_text()
    assert "mobilenetv3-small" in text
    assert "…" not in text
    assert "torch-int8-dynamic" in text
    assert "stable" in text
    tables = [
        line for line in text.splitlines() if not line.startswith("★ no other")
    ]  # a sentence, which may be folded
    assert max(map(len, tables)) <= width


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


def test_a_cell_that_two_runs_of_one_machine_have_stands_in_two_tables() -> None:
    again = replace(run_of(changed(OK, run="s", latency_p50_s=0.009)), name="s")
    text = text_of("md", run_store.merged([run_of(OK), again]))
    assert "## On a machine, run r\n" in text and "## On a machine, run s\n" in text
    with pytest.raises(RunError, match="the same name and the same cells"):
        run_store.merged([run_of(OK), run_of(OK)])


def test_runs_in_one_table_tell_the_threads_of_all_their_targets() -> None:
    one = replace(run_of(OK), environment={"packages": {}, "target_threads": {"host": 2}})
    rows = (changed(OK, run="s", target="pi"),)
    two = replace(one, name="s", measurements=rows, environment={"packages": {}, "target_threads": {"pi": 4}})
    (machine,) = machines.split(run_store.merged([one, two]))
    assert machine.environment["target_threads"] == {"host": 2, "pi": 4}
    other = replace(two, plan={"targets": ["pi"], "measuring": {"processes": 9}})
    assert len(machines.split(run_store.merged([one, other]))) == 2, "measured otherwise"


def test_every_report_says_that_a_run_is_not_complete() -> None:
    plan = {"targets": ["host"], "measuring": {}, "models": ["resnet1d"], "variants": ["none"], "exporters": ["a", "b"]}
    run = replace(run_of(OK), plan=plan, folder=Path("some/where"))
    again = "edgebench run --resume r"
    assert again in text_of("md", run)
    assert again in text_of("html", run)
    assert again not in text_of("md", replace(run, plan={**plan, "exporters": ["a"]}))
