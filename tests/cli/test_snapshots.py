"""The wording of the main outputs, on a terminal of 80 columns; other tests look at fields, codes and exceptions."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import snapshots
from flat_rows import changed
from report_rows import OK, failed, run_of, text_of

from edgebench.choosing import baselines
from edgebench.cli import app, console
from edgebench.core.measurements import Run
from edgebench.core.settings import Measuring
from edgebench.pipeline import run_store

ROOT = Path(__file__).parents[2]
X86, VARIANTS = (f"results/reference/{name}" for name in ("ptbxl-x86", "variants-resnet1d"))
LONG = "fbgemm-int8:minmax,per-tensor"
COMMANDS = (
    "run", "measure", "export", "bundle", "report", "train", "quantize", "inspect", "list", "doctor", "data fetch",
    "data info", "recommend", "compare", "gate", "explain",
)  # fmt: skip


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs a command and gives its exit code and standard output."""

    def run(arguments: list[str], width: int = 80) -> tuple[int, str]:
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("COLUMNS", str(width))
        for one in (console.out, console.err):  # made when they were imported, maybe under another COLUMNS
            monkeypatch.setattr(one, "_width", width)
        monkeypatch.setattr("sys.argv", ["edgebench", *arguments])
        with pytest.raises(SystemExit) as ended:
            app.main()
        return int(ended.value.code or 0), capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    ("name", "arguments", "width", "code"),
    [
        ("recommend", ["recommend", X86, "--max-latency", "5ms", "--max-f1-drop", "0.01"], 80, 0),
        ("recommend-nothing", ["recommend", X86, "--max-size", "1MB", "--target", "host"], 80, 1),
        ("compare", ["compare", X86, "--base", "eager"], 120, 0),
        ("compare-narrow", ["compare", X86, "--base", "eager"], 80, 0),
        ("gate", ["gate", X86, "--baseline", X86], 120, 0),
        ("explain", ["explain", VARIANTS], 80, 0),
        ("explain-cell", ["explain", VARIANTS, f"{LONG} none"], 80, 0),
        *((f"list-{kind}", ["list", kind], 80, 0) for kind in ("datasets", "variants", "exporters", "renderers")),
    ],
)
def test_a_command(name: str, arguments: list[str], width: int, code: int, output: Any) -> None:
    ended, text = output(arguments, width)
    assert ended == code
    snapshots.check(name, text)


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_of_a_run(width: int, output: Any, tmp_path: Path) -> None:
    ended, text = output(["report", X86, VARIANTS, "--format", "csv", "-o", str(tmp_path)], width)
    assert ended == 0
    snapshots.check(f"table-{width}", text.replace(str(tmp_path), "FOLDER"))


def test_a_gate_that_fails(output: Any, tmp_path: Path) -> None:
    run = run_store.read(ROOT / X86)
    rows = [m for m in run.measurements if m.cell.target == "host" and m.status == "ok"]
    faster = changed(
        rows[0], process_medians_s=tuple(0.5 * s for s in baselines.medians(rows[0], run)), file_size_bytes=1_000_000,
        peak_rss_bytes=1_000_000, macro_f1=0.9,
    )  # fmt: skip
    gone = changed(rows[1], exporter="another")
    baselines.write_baseline(replace(run, measurements=(faster, *rows[1:], gone)), tmp_path / "baseline.json")
    ended, text = output(["gate", X86, "--baseline", str(tmp_path / "baseline.json")], 120)
    assert ended == 1
    snapshots.check("gate-worse", text.replace(str(tmp_path), "FOLDER"))


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str, output: Any) -> None:
    ended, text = output([*name.split(), "--help"])
    assert ended == 0
    snapshots.check(f"help-{name.replace(' ', '-')}", text)


def test_the_help_of_all(output: Any) -> None:
    snapshots.check("help", output(["--help"])[1])


def every_section() -> Run:
    """A run whose reports have all sections."""
    noisy = changed(
        OK, exporter="eager", verdict="noisy", verdict_reason="its processes differ by 1.31 times", latency_p50_s=0.009,
        latency_p50_low_s=0.007, latency_p50_high_s=0.012,
    )  # fmt: skip
    pruned = changed(
        OK, variant="l1-0.4", sparsity=0.4, parameters_before=1_367_781, macs_before=104_000_000, sparsity_before=0.0
    )
    int8 = changed(
        OK, exporter="onnx-int8:entropy", precision="int8", latency_p50_s=0.001, latency_p50_low_s=0.0009,
        latency_p50_high_s=0.0011, file_size_bytes=1_500_000,
        macro_f1=0.69, delta_macro_f1=-0.01, int8_operators=35, float_operators=3, conversions=4, int8_time_share=0.9,
        conversion_time_share=0.02, slowest_operator="QLinearConv", slowest_operator_share=0.7, counterpart="onnx-int8",
        counterpart_delta=0.002, counterpart_low=-0.001, counterpart_high=0.005,
    )  # fmt: skip
    paced = changed(OK, exporter="torchscript", paced_p50_s=0.003, paced_every_s=1.0, cold_load_s=0.5)
    emulated = changed(OK, target="pi", emulated=True, verdict="emulated")
    environment = {
        "cpu": "A Processor", "cores": 4, "architecture": "x86_64", "packages": {"torch": "2.14.1"}, "system": "Linux",
        "python": "3.11.7",
    }  # fmt: skip
    run = run_of(noisy, OK, pruned, int8, paced, emulated, failed("torch-int8-dynamic", "it broke"))
    return replace(run, environment=environment, plan={"targets": ["host", "pi"], "measuring": vars(Measuring())})


@pytest.mark.parametrize("format", ["md", "json"])
def test_a_report(format: str) -> None:  # noqa: A002
    text = text_of(format, every_section())
    if format == "json":
        (machine,) = json.loads(text)["machines"]
        text = json.dumps(machine["recommendations"], indent=1, ensure_ascii=False)
    snapshots.check(f"report-{format}", text)


def test_the_words_of_the_page() -> None:
    text = text_of("html", every_section())
    body = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)
    words = [" ".join(line.split()) for line in re.sub(r"<[^>]+>", "\n", body).splitlines()]
    snapshots.check("report-html", "\n".join(filter(None, words)))
