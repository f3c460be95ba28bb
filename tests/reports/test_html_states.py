"""report.html of runs that lack something: a sentence stands where a chart would be empty; and what it recommends."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flat_rows import changed
from opened_pages import cell, sampled
from report_rows import OK, failed, run_of, text_of

from edgebench.choosing.recommendation import recommend
from edgebench.core.measurements import Measurement, Run
from edgebench.pipeline import run_store
from edgebench.reports import words
from edgebench.reports.html import embedding

REFERENCE = Path(__file__).parent.parent.parent / "results" / "reference"
UNSCORED: dict[str, Any] = {
    "macro_f1": None, "macro_f1_low": None, "macro_f1_high": None, "delta_macro_f1": None, "delta_low": None,
    "delta_high": None, "records": None, "f1_by_class": {},
}  # fmt: skip


def page_of(run: Run) -> str:
    """The page without its programs, data and style."""
    return html.unescape(re.sub(r"<(script|style).*?</\1>", "", text_of("html", run), flags=re.DOTALL))


def charts(page: str) -> set[str]:
    """The charts that will be drawn."""
    return set(re.findall(r'data-chart="(\w+)"', page))


def emulated(m: Measurement) -> Measurement:
    return changed(m, emulated=True, verdict="emulated", target="pi")


@pytest.mark.parametrize("rows", [(), (failed("onnx", "it broke"), failed("eager", "it broke, too"))])
def test_where_no_cell_was_measured(rows: tuple[Measurement, ...]) -> None:
    run = replace(run_of(*rows), environment={"cpu": "A processor"})
    page = page_of(run)
    assert words.NOT_MEASURED in page and words.NOT_MEASURED in text_of("md", run)
    assert "<figure" not in page and 'class="switches"' not in page and "To ship to" not in page
    assert "A processor" in page, "the machine is told of all the same"
    for m in rows:
        assert m.reason in page


def test_where_all_are_emulated() -> None:
    page = page_of(run_of(*map(emulated, (cell("net", "onnx", 0.001), cell("net", "eager", 0.002)))))
    assert charts(page) == {"size", "memory", "memories", "sizes"}
    assert page.count(f"All cells are emulated: {words.EMULATED}.") == 2
    assert f"<dd>Emulated: {words.EMULATED}.</dd>" in page, "the key has a line for what is hollow"
    assert "hollow" not in page_of(run_of(OK))


def test_where_nothing_was_scored() -> None:
    page = page_of(run_of(changed(OK, **UNSCORED), changed(OK, exporter="eager", **UNSCORED)))
    assert charts(page) == {"memories", "sizes"}
    assert page.count(words.NOT_SCORED) == 3, "above, at the trade-offs and at the classes"
    assert "Pareto front: no other" not in page.split("How each number")[0]
    assert 'class="classes"' not in page


def test_without_raw_samples_and_without_classes(tmp_path: Path) -> None:
    bare = page_of(run_of(changed(OK, f1_by_class=None, peak_rss_bytes=None)))
    assert charts(bare) == {"latency", "size", "sizes"}
    for text in ("has no raw samples", "The task has no numbers by class", "No cell has a peak memory."):
        assert f'<p class="empty">{text}' in bare or f"folder {text}" in bare
    assert "from the 0.5th to the 99.5th" not in bare
    sampled([OK], tmp_path)
    whole = page_of(replace(run_of(OK), folder=tmp_path))
    assert charts(whole) == {"latency", "size", "memory", "samples", "memories", "sizes"}
    assert '<p class="empty">' not in whole and 'class="classes"' in whole


def test_the_recommendation_has_target_machine_metrics_bounds_file_and_program() -> None:
    page = page_of(run_store.read(REFERENCE / "variants-resnet1d"))
    card = re.search(r'<article class="advice">(.*?)</article>', page, re.DOTALL)
    assert card
    heading = re.search(r"<h3>(.*?)</h3>", card[1], re.DOTALL)
    assert heading
    said = re.sub(r"<.*?>", "", heading[1])
    assert said == (
        "To ship to host, as measured on AMD EPYC (x86_64, 2 cores, b1371cfe) resnet1d onnx-int8 · structured-0.5+qat"
    )
    for text in (
        "<dd>269 µs <small>219 µs to 330 µs</small></dd>", "<dd>0.744 <small>0.729 to 0.758</small></dd>",
        "<dd>-0.0005 <small>-0.0071 to +0.0063</small></dd>", "<dd>0.73 MB</dd>",
        "c1d2f629a264ad132bd87f99e370d88d90f20d01559ab508e54da1abcfc0232e", "session = onnxruntime.InferenceSession(",
    ):  # fmt: skip
        assert card[1].count(text) == 1, text
    assert card[1].count("artifacts/resnet1d/structured-0.5+qat/onnx-int8/model.onnx") == 1


def test_the_policy_and_the_commands_for_the_device_are_shown() -> None:
    page = html.unescape(page_of(run_of(emulated(OK))))
    (answer,) = recommend(run_of(emulated(OK)))
    assert answer.policy_text in page and len(answer.measure_there) == 2
    assert all(f"<code>{line}</code>" in page for line in answer.measure_there)


def test_formats_say_the_same_in_the_same_words() -> None:
    rows = (OK, changed(emulated(OK), exporter="eager"), failed("bad", "it broke"))
    page, markdown = page_of(run_of(*rows)), text_of("md", run_of(*rows))
    for text in (words.STAR, words.EMULATED, words.WITHOUT, "Measured on", "240 test records of"):
        assert text in page and text in markdown, text
    assert words.PALE in page


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\u202a"])
def test_no_sign_in_a_name_turns_what_follows(sign: str) -> None:
    row = changed(OK, model=f"x{sign}evil", exporter=f"y{sign}", target=f"z{sign}", f1_by_class={f"c{sign}": 0.5})
    page = text_of("html", replace(run_of(row, changed(row, status="failed", reason=f"r{sign}")), name=f"n{sign}"))
    own = page.replace(str(embedding.library()), "")
    assert sign not in own and f"\\u{ord(sign):04x}" not in own.split('id="data"')[1].split("</script>")[0]
    assert "x\ufffdevil" in own, "that there is a sign is seen"
