"""report.html as a text: what it holds, what it lets in, and what it needs."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flat_rows import changed
from markupsafe import Markup
from report_rows import OK, failed, run_of, text_of

from edgebench import api
from edgebench.core import registry
from edgebench.core.errors import MissingPackage
from edgebench.pipeline import run_store
from edgebench.reports.html import HERE, cells, embedding

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"
HOSTILE = "</script><script>alert(1)</script><!-- \u2028 & \"'"


def data_of(page: str) -> Any:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert block
    return json.loads(block[1])


def own(page: str) -> str:
    """The page without the programs that it brings."""
    return re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)


def test_everything_of_a_run_is_escaped() -> None:
    row = changed(
        OK, model=HOSTILE, variant=HOSTILE, exporter=HOSTILE, target=HOSTILE, verdict="noisy", verdict_reason=HOSTILE,
        dataset=HOSTILE, run=HOSTILE, f1_by_class={HOSTILE: 0.5},
    )  # fmt: skip
    bad = changed(failed(HOSTILE, HOSTILE), model=HOSTILE, target=HOSTILE, dataset=HOSTILE)
    run = replace(run_of(row, bad), name=HOSTILE, environment={"cpu": HOSTILE, "packages": {HOSTILE: HOSTILE}})
    page = text_of("html", run)
    assert page.count("<script") == own(page).count("<script") + 2 + embedding.library().count("<script")
    assert "alert(1)</" not in own(page) and "<!--" not in page
    assert html.escape(HOSTILE) in own(page).replace("&#34;", "&quot;").replace("&#39;", "&#x27;")
    (machine,) = data_of(page)
    assert machine["cells"][0][0] == HOSTILE and machine["classes"] == [HOSTILE]


def test_the_browser_is_told_to_run_these_scripts_and_ask_nobody() -> None:
    page = text_of("html", run_of(OK))
    found = re.search(r'Content-Security-Policy" content="(.*?)"', page)
    assert found
    policy = html.unescape(found[1])
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert policy.startswith("default-src 'none'; script-src " + " ".join(f"'sha256-{h}'" for h in hashes) + ";")
    assert "unsafe-inline" not in policy.partition("style-src")[0]
    assert not re.search(r"""(src|href|action)\s*=\s*["']?(https?:)?//""", own(page))


def test_it_says_what_markdown_says() -> None:
    run = run_store.read(REFERENCE / "variants-resnet1d")
    page = html.unescape(own(text_of("html", run)))
    for m in run.measurements:
        assert m.status == "ok" or m.reason in page
    for text in (
        "2158 test records of",
        "PTB-XL",
        "AMD EPYC",
        "avx512_vnni",
        "onnxruntime 1.32.0",
    ):
        assert text in page
    assert "</span> resnet1d onnx-int8 · structured-0.5+qat</h3>" in page
    assert "c1d2f629a264ad132bd87f99e370d88d90f20d01559ab508e54da1abcfc0232e" in page, "the SHA-256 of what to ship"


def test_the_shape_is_that_of_the_raw_samples() -> None:
    run = run_store.read(REFERENCE / "ptbxl-x86")
    (machine,) = data_of(text_of("html", run))
    at = machine["fields"].index
    rows = {(c[at("exporter")], c[at("target")]): c for c in machine["cells"]}
    folder = run.folder / "samples"
    files = [np.load(path) for path in sorted(folder.glob("resnet1d~none~onnx~host~*.npy"))]
    each = min(map(len, files))
    samples = np.concatenate([file[:each] for file in files])
    shape = rows["onnx", "host"][at("shape")]
    assert shape["at"] == [float(f"{p:.5g}") for p in np.percentile(samples, cells.SPAN)]
    assert len(shape["bars"]) == cells.BINS and max(shape["bars"]) == 99
    middle = int(np.searchsorted(np.cumsum(shape["bars"]), sum(shape["bars"]) / 2))
    edges = np.geomspace(shape["at"][0], shape["at"][-1], cells.BINS + 1)
    assert edges[middle - 1] <= rows["onnx", "host"][at("latency_p50_s")] <= edges[middle + 2]
    assert rows["onnx", "arm-qnnpack"][at("shape")] is None, "an emulated latency says nothing"
    assert rows["onnx", "arm-qnnpack"][at("front")] == 0


def test_merged_runs_keep_their_samples_and_their_settings() -> None:
    runs = [run_store.read(REFERENCE / name) for name in ("ptbxl-x86", "variants-resnet1d")]
    page = text_of("html", run_store.merged(runs))
    machines = data_of(page)
    assert [len(m["cells"]) for m in machines] == [14, 36]
    shapes = [[c[m["fields"].index("shape")] for c in m["cells"]] for m in machines]
    assert [sum(s is not None for s in there) for there in shapes] == [7, 36]
    assert "at least 100 samples and 2.0 s" in page and "at least 100 samples and 1.0 s" in page
    assert page.count('<section class="machine"') == 2
    assert len(page.encode()) < 6_000_000


def test_without_its_packages_it_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Markup:
        raise ModuleNotFoundError("No module named 'plotly'", name="plotly")

    monkeypatch.setattr(embedding, "library", missing)
    run = REFERENCE / "ptbxl-x86"
    with pytest.raises(MissingPackage, match=r"plotly.*edgebench\[report\]"):
        api.report([run], ("html",), tmp_path)
    assert {p.name for p in api.report([run], output=tmp_path)} == {
        "report.csv", "report.md", "report-pareto-host.svg",
    }  # fmt: skip


def test_the_scripts_of_the_page_are_short_and_all_used() -> None:
    from edgebench.reports.html import SCRIPTS

    assert sorted(SCRIPTS) == sorted(p.name for p in HERE.glob("*.js"))
    lengths = {p.name: len(p.read_text().splitlines()) for p in HERE.iterdir() if p.suffix in (".js", ".css", ".j2")}
    assert len(lengths) > 10 and max(lengths.values()) <= 300
    assert registry.renderer("html").file == "report.html"
