"""Text of a run in report.md is shown as it is."""

from __future__ import annotations

import html
import re
from dataclasses import asdict, replace

import pytest
from flat_rows import changed
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from report_rows import OK, failed, run_of, text_of

from edgebench.core.serialization import readable
from edgebench.reports import pictures, search
from edgebench.reports.html import embedding
from edgebench.reports.text import escaped
from edgebench.tasks.multilabel import METRICS

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TEXTS = st.text(st.sampled_from("\\&<>|*`~$#_[]()!-+1.:\"'a b\x1b\u202e"), max_size=12)
BLOCKS = ("# x", "- x", "+ x", "> x", "1. x", "x #", "x ##", "#", "```x", "---", "===", "| x", "[x]: y", "    x", "~x~")
"""What a line of Markdown may begin or end with."""


def as_read(text: str) -> str:
    return " ".join(readable(text).split())


@given(TEXTS)
@example("a #")
@example("#")
@example("# a")
@example("[a](b)")
def test_headings_cells_and_sentences_show_the_text(text: str) -> None:
    shown = html.escape(as_read(text)).replace("&#x27;", "'")
    assert MARKDOWN.render(f"# {escaped(text)}").strip() == f"<h1>{shown}</h1>"
    assert MARKDOWN.render(f"a: {escaped(text)}").strip() == f"<p>a: {shown}</p>".replace(": </p>", ":</p>")
    cell = MARKDOWN.render(f"| a |\n|---|\n| {escaped(text)} |")
    assert f"<td>{shown}</td>" in cell


@given(TEXTS)
def test_no_tilde_or_dollar_counts(text: str) -> None:
    """GitHub's own signs: what is escaped by a backslash is taken away, and none is left."""
    assert not re.search("[~$]", re.sub(r"\\.", "", escaped(text)))
    assert not re.search("[\x1b\u202e]", escaped(text))


@pytest.mark.parametrize("name", BLOCKS)
def test_no_name_begins_a_block(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has the same headings, lists and tables, whatever its parts are called."""
    monkeypatch.setattr(pictures, "_draw", lambda *_: "")  # what they show is another matter, and takes time

    def blocks(called: str) -> list[str]:
        row = changed(
            OK, model=called, variant=called, exporter=called, target=called, dataset=called, host=called,
            verdict="noisy", verdict_reason=called, counterpart=called, counterpart_delta=0.1, int8_operators=1,
            best_batch=1, energy_j=1.0, energy_source=called,
        )  # fmt: skip
        bad = changed(failed(called, called), model=called, target=called, host=called, dataset=called)
        facts = {"cpu": called, "system": called, "governor": called, "packages": {called: called}}
        run = replace(run_of(row, bad), name=called, environment={**facts, "target_threads": {called: 1}})
        return re.findall(r"</?(?!em|strong)\w+", MARKDOWN.render(text_of("md", run)))

    assert blocks(name) == blocks("plain")


def test_a_search_heads_its_report_by_names() -> None:
    found = {
        "request": {"model": "# m", "exporter": "e #", "max_drop": 0.1}, "test": {}, "modules": [], "trials": [],
        "validation": {"metric": asdict(METRICS[0]), "value": 0.7},
        "within": True,
    }  # fmt: skip
    assert "<h1># m e #, accuracy-aware</h1>" in MARKDOWN.render(search.render(found, []))


@pytest.mark.parametrize("name", ["md", "json", "html"])
def test_the_environment_steers_nothing(name: str) -> None:
    steering = "\x1b[31m\u202e\udc80"
    facts = {"cpu": steering, "packages": {steering: steering}}
    text = text_of(name, replace(run_of(OK), environment=facts)).replace(str(embedding.library()), "")
    text.encode()
    assert not set(text) & set("\x1b\u202e") and "\ufffd[31m\ufffd\ufffd" in text
