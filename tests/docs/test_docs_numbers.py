"""Figures in the prose of the pages: each is that of the run that the sentence is about."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest
from flat_rows import value

from edgebench.core.measurements import Measurement, Run
from edgebench.models import store
from edgebench.pipeline import run_store
from edgebench.reports.columns import size

ROOT = Path(__file__).parents[2]
LEAN, RESNET, DEIT, X86, MODELS = (
    "variants-mobilenetv3-small", "variants-resnet1d", "variants-deit-tiny", "ptbxl-x86", "ptbxl-models"
)  # fmt: skip
HEADS = "structured-0.5-heads"


@functools.cache
def run(name: str) -> Run:
    return run_store.read(ROOT / "results" / "reference" / name)


def cell(name: str, exporter: str, variant: str = "none", target: str = "host", model: str = "") -> Measurement:
    """One measured cell of a published run."""
    found = [
        m for m in run(name).measurements
        if (m.cell.exporter, m.cell.variant, m.cell.target, m.status) == (exporter, variant, target, "ok")
        and model in ("", m.cell.model)
    ]  # fmt: skip
    assert len(found) == 1
    return found[0]


def ms(m: Measurement) -> str:
    return f"{(value(m, 'latency_p50_s') or 0) * 1e3:.2f} ms"


def megabytes(m: Measurement) -> str:
    return size(value(m, "file_size_bytes"))


def memory(m: Measurement) -> str:
    return size(value(m, "peak_rss_bytes"))


def smaller(one: Measurement, other: Measurement) -> str:
    return times(value(one, "file_size_bytes"), value(other, "file_size_bytes"))


def faster(one: Measurement, other: Measurement) -> str:
    return times(value(one, "latency_p50_s"), value(other, "latency_p50_s"))


def loss(m: Measurement, digits: int = 3) -> str:
    return f"{-(value(m, 'delta_macro_f1') or 0):.{digits}f}"


def times(one: float | None, other: float | None) -> str:
    return f"{(one or 0) / (other or 1):.1f}"


def questions() -> list[str]:
    lean, lean_float = cell(LEAN, "onnx-int8"), cell(LEAN, "onnx")
    dense, int8 = cell(RESNET, "onnx"), cell(RESNET, "onnx-int8")
    script, onnx = cell(X86, "torchscript"), cell(X86, "onnx")
    search = json.loads((ROOT / "results" / "reference" / "search-deit-tiny" / "search.json").read_text())
    throughout = -search["test"]["int8"]["delta_macro_f1"]
    return [
        f"`onnx-int8` takes {ms(lean)}, `onnx` {ms(lean_float)} (run `{LEAN}`)",
        f"`onnx-int8` takes {ms(int8)}, `onnx` {ms(dense)} (run `{RESNET}`)",
        f"{value(lean, 'conversions')} conversions take {value(lean, 'conversion_time_share'):.0%}".replace(
            "%", " % of the time"
        ),
        f"decides {100 * (1 - (value(int8, 'agreement') or 0)):.1f} % of the cases differently (run `{RESNET}`)",
        f"loses {throughout:.3f} through `fbgemm-int8:all-operators` (run `search-deit-tiny`), and "
        f"{loss(cell(DEIT, 'fbgemm-int8'))} through `fbgemm-int8`",
        f"{memory(script)} for TorchScript and {memory(onnx)} for ONNX Runtime",
        f"the same network of {(value(script, 'file_size_bytes') or 0) / 1e6:.1f} MB (run `{X86}`",
    ]


def compression() -> list[str]:
    script, eager = cell(DEIT, "torchscript"), cell(DEIT, "eager")
    both = cell(DEIT, "onnx-int8", f"{HEADS}+qat")
    together = (
        f"is {smaller(script, both)} times smaller than the fp32 TorchScript file and "
        f"{faster(eager, both)} times faster than eager, for {loss(both)} macro-F1"
    )
    return [
        f"Half of the multiply-adds cost {loss(cell(RESNET, 'onnx-int8', 'structured-0.5'))} macro-F1",
        together,
    ]


def models() -> list[str]:
    """What a teacher brings, by the manifests of the two trainings."""
    path = ROOT / "results" / "reference" / "distillation" / "mobilenetv3-small-alone.json"
    alone = store.read_manifest(json.loads(path.read_text()), str(path)).scores["fold10"]
    taught = store.find("mobilenetv3-small").manifest.scores["fold10"]
    return [
        f"macro-AUC {alone.metrics['macro_auc']:.3f} and macro-F1 {alone.metrics['macro_f1']:.3f} on fold 10 alone, "
        f"and {taught.metrics['macro_auc']:.3f} and {taught.metrics['macro_f1']:.3f} with the teacher"
    ]


def sentences() -> list[tuple[str, str]]:
    """Page, and a text that it must have, with its figures computed from the run."""
    onnx, static = cell(X86, "onnx"), cell(X86, "onnx-int8")
    pages = {
        "docs/faq.md": questions(), "docs/compression.md": compression(), "docs/models.md": models(),
        "README.md": [f"makes the file {smaller(onnx, static)} times smaller"],
    }  # fmt: skip
    return [(page, text) for page, texts in pages.items() for text in texts]


@pytest.mark.parametrize(("page", "text"), sentences(), ids=lambda v: v[:40])
def test_the_page_has_the_runs_figures(page: str, text: str) -> None:
    flat = " ".join((ROOT / page).read_text().split())
    assert text in flat


def test_what_the_questions_say_in_words() -> None:
    int8 = cell(RESNET, "onnx-int8")
    assert abs(value(int8, "delta_macro_f1") or 1) <= 0.001
    assert run(LEAN).environment["instruction_sets"] == ["avx2"]
    assert "avx512_vnni" in run(RESNET).environment["instruction_sets"]
    assert (value(cell(X86, "torchscript"), "peak_rss_bytes") or 0) > 7.5 * (
        value(cell(X86, "onnx"), "peak_rss_bytes") or 1
    )  # "an eighth"
