"""What pages show of outputs, reports and folders is what the code writes."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
from doc_blocks import DOCS, ROOT, Block, blocks, indented
from doc_examples import is_answer, is_excerpt
from helpers import edgebench_here

from edgebench.core import registry
from edgebench.pipeline import run_store
from edgebench.reports import words

REFERENCE = ROOT / "results" / "reference"
ANSWERS = [b for page in DOCS for b in blocks(page) if is_answer(b)]
EXCERPTS = {b.first: b for page in DOCS for b in (*blocks(page), *indented(page)) if is_excerpt(b)}


@pytest.mark.parametrize("block", ANSWERS, ids=lambda b: b.where)
def test_the_answer_is_what_the_command_says(block: Block) -> None:
    """An answer stands below its command, `<!-- example COMMAND -->`; exit code 1 is that nothing meets the bounds."""
    command = block.mark.removeprefix("example ")
    done = edgebench_here(*shlex.split(command)[1:], cwd=ROOT, COLUMNS="80")
    assert done.stdout == block.text, f"paste it again: COLUMNS=80 {command}"
    assert done.returncode == ("ship     nothing" in block.text), done.stderr


def contained(shown: Any, real: Any, where: str = "") -> list[str]:
    """What the excerpt shows and the real output has not; a text may end with … where it goes on."""
    if isinstance(shown, dict) and isinstance(real, dict):
        return [
            said
            for key, value in shown.items()
            for said in (contained(value, real[key], f"{where}.{key}") if key in real else [f"{where}.{key}: none"])
        ]
    if isinstance(shown, list) and isinstance(real, list):
        return [f"{where}: {item}" for item in shown if not any(not contained(item, other) for other in real)]
    if isinstance(shown, str) and isinstance(real, str) and shown.endswith("…"):
        return [] if real.startswith(shown[:-1].rstrip()) else [f"{where}: {real}"]
    return [] if (type(shown), shown) == (type(real), real) else [f"{where}: {real!r}"]


def test_an_excerpt_that_is_not_in_the_output_is_seen() -> None:
    real = {"a": [{"b": 1, "c": "long text"}, {"b": 2}], "d": True}
    assert not contained({"a": [{"b": 1, "c": "long …"}], "d": True}, real)
    assert contained({"a": [{"b": 3}]}, real) == [".a: {'b': 3}"]
    assert contained({"d": 1}, real) == [".d: True"]
    assert contained({"e": 1}, real) == [".e: none"]


def test_the_json_is_an_excerpt_of_the_real_one() -> None:
    (block,) = [b for page in DOCS for b in blocks(page, "json")]
    shown = json.loads(block.text)
    run = run_store.read(REFERENCE / "ptbxl-x86")
    real = json.loads(str(registry.renderer("json").render(run)["report.json"]))
    assert not contained(shown, real)
    (machine,) = shown["machines"]
    assert set(shown) == set(real), "all fields of the file"
    assert set(machine) == set(real["machines"][0]), "all fields of a machine"
    (advice,) = machine["recommendations"]
    assert set(advice) == set(real["machines"][0]["recommendations"][0]), "all fields of a recommendation"


def test_the_page_names_the_sections_of_the_report() -> None:
    """In their order, none missing and none too many."""
    text = (ROOT / "edgebench" / "reports" / "markdown.py").read_text()
    page = (ROOT / "docs" / "reports.md").read_text().partition("## report.md\n")[2].partition("\n## ")[0]
    written = [
        getattr(words, name) if name else plain
        for name, plain in re.findall(r"\{level\} (?:\{words\.(\w+)\}|(\w[^\"]*))\"", text)
    ]
    assert re.findall(r"^- \*\*(.*?)\*\*", page, re.M)[1:] == written


def listed(first: str) -> str:
    """The excerpt whose first line begins so."""
    (block,) = [b for name, b in EXCERPTS.items() if name.startswith(first)]
    return block.text


def test_the_layout_names_what_there_is() -> None:
    """Each file and folder of `edgebench/` is in the tree of docs/design.md, and nothing else."""
    package = listed("edgebench/").partition("\nexporters/")[0]
    named = re.findall(r"^  (\S+) ", package, re.M)
    there = {p.name + "/" * p.is_dir() for p in (ROOT / "edgebench").iterdir() if p.suffix == ".py" or p.is_dir()}
    assert len(named) == len(set(named))
    assert there - {"__init__.py", "__main__.py", "__pycache__/"} == set(named)


@pytest.mark.parametrize("run", sorted(p.parent.name for p in REFERENCE.glob("*/measurements.jsonl")))
def test_the_files_of_a_run_are_listed(run: str) -> None:
    """In docs/concepts.md; a picture's name is that of its target."""
    there = {re.sub(r"^report-pareto-.*", "report-pareto-….svg", p.name) for p in (REFERENCE / run).iterdir()}
    table = (ROOT / "docs" / "concepts.md").read_text().partition("## A run's folder\n")[2].partition("\n\n")[0]
    names = "".join(re.findall(r"^(`.*?) \|", table, re.M))
    named = {name.partition("/")[0] for name in re.findall(r"`([^`]+)`", names)}
    apart = {"decisions.json"}  # of the run `arm` alone: a benchmark's
    assert there - apart <= named
