"""report.md: its tables, sections and marks."""

from __future__ import annotations

import html
from dataclasses import replace

from flat_rows import changed
from report_rows import OK, failed, run_of, text_of

from edgebench.reports import words


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


def test_reports_say_which_share_of_the_operators_the_backend_takes() -> None:
    assert OK.artifact
    taken = replace(OK, artifact=replace(OK.artifact, delegated=0.976))
    for form in ("md", "html"):
        assert "97.6%" in text_of(form, run_of(taken)), form
        assert words.DELEGATED not in html.unescape(text_of(form, run_of(OK)))
