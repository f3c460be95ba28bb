"""Examples of the pages: commands that the command line takes, files that load, code that compiles; and the links."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from doc_blocks import PAGES, ROOT, Block, blocks, commands, inline, shell

from edgebench.cli.app import app
from edgebench.core import registry
from edgebench.core.cells import Target
from edgebench.core.errors import ModelError, PlanError
from edgebench.core.validation import validated
from edgebench.models import card as cards
from edgebench.pipeline import read_plan

CLI = typer.main.get_command(app)


def parse(arguments: list[str], leniently: bool = False) -> str:
    """What the command line has against these arguments; empty where it takes them. Nothing is carried out.

    Leniently, arguments and values may be missing, as in a sentence.
    """
    command, context = CLI, None
    try:
        while hasattr(command, "commands"):
            if not arguments or arguments[0].startswith("-"):
                command.make_context("edgebench", list(arguments))
                return ""
            name, *arguments = arguments
            if name not in command.commands:
                return f"no command '{name}'"
            context = command.make_context(name, ["--"], parent=context) if context is None else context
            command = command.commands[name]
        command.make_context(name, list(arguments), parent=context)
    except Exception as error:  # typer brings click's errors along under a private name
        kind = type(error).__name__
        if kind in ("Exit", "NoArgsIsHelpError") or (leniently and kind in ("MissingParameter", "BadOptionUsage")):
            return ""
        return f"{kind}: {getattr(error, 'message', error)}"
    return ""


def test_parsing_sees_what_is_wrong() -> None:
    assert parse(["run", "--exporter", "onnx", "-o", "x"]) == ""
    assert parse(["data", "fetch", "ptbxl", "ptbxl"]) == ""
    assert "no command 'benchmark'" in parse(["benchmark"])
    assert "--target-device" in parse(["run", "--target-device", "pi"])
    assert "whole number" in parse(["run", "--limit", "many"])
    assert "extra" in parse(["explain", "run", "cell", "more"])
    assert parse(["report"])
    assert not parse(["report"], leniently=True)
    assert parse(["report", "--nothing"], leniently=True)


def test_commands_are_found_in_shell_text() -> None:
    text = (
        "cd x && edgebench run \\\n  --limit 3 # a comment; edgebench x\npip install edgebench\nA=1 edgebench list; ls"
    )
    assert commands(text) == [["run", "--limit", "3"], ["list"]]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_commands_are_taken(page: Path) -> None:
    wrong = [(where, c, said) for where, text in shell(page) for c in commands(text) if (said := parse(c))]
    wrong += [
        (page.name, shlex.split(c), said) for c in inline(page) if (said := parse(shlex.split(c), leniently=True))
    ]
    assert not wrong


@pytest.mark.parametrize("name", sorted(CLI.commands))  # type: ignore[attr-defined]
def test_the_examples_of_help_are_taken(name: str) -> None:
    command = CLI.commands[name]  # type: ignore[attr-defined]
    texts = [c.help or "" for c in getattr(command, "commands", {"": command}).values()]
    for text in texts:
        # A remark stands behind an example, after some spaces or as a shell's comment; \b keeps the lines as they are.
        lines = re.findall(r"^[ \b]*(edgebench .*)$", text, re.M)
        examples = [shlex.split(re.split(r"\s{3,}", line)[0], comments=True) for line in lines]
        assert examples, f"{name} has no example"
        assert not [(e, said) for e in examples if (said := parse(e[1:]))]


def toml() -> list[Block]:
    return [block for page in PAGES for block in blocks(page, "toml")]


@pytest.mark.parametrize("block", toml(), ids=lambda b: b.where)
def test_files_load(block: Block, tmp_path: Path) -> None:
    """Each is what its fields say: entry points, a target, the card of a network, or a plan."""
    data = tomllib.loads(block.text)
    if set(data) == {"project"}:
        for group, points in data["project"]["entry-points"].items():
            assert group.removeprefix("edgebench.") in registry.KINDS
            assert all(re.fullmatch(r"[\w.]+:[A-Z]+", place) for place in points.values())
    elif "architecture" in data:
        assert validated(Target, data, block.where, PlanError).name == data["name"]
    elif "classes" in data:
        (tmp_path / "net.toml").write_text(block.text)
        assert cards.read(tmp_path / "net.py", ModelError, tuned=True, task="multilabel").classes
    else:
        path = tmp_path / "plan.toml"
        path.write_text(block.text)
        assert read_plan.load(path, {}).measure.targets


@pytest.mark.parametrize("block", [b for p in PAGES for b in blocks(p, "python")], ids=lambda b: b.where)
def test_code_compiles(block: Block) -> None:
    compile(block.text, block.where, "exec")


def anchors(page: Path) -> set[str]:
    """Names of a page's headings, as links have them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower() for head in heads]
    return {re.sub(r"[^\w\- ]", "", head).replace(" ", "-") for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        to = (page.parent / name).resolve() if name else page
        if not to.exists() or (anchor and to.suffix == ".md" and anchor not in anchors(to)):
            broken.append(link)
    assert not broken


def test_the_index_has_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"^\[[^\]]*\]\(([\w-]+\.md)\)", index, re.M))
    assert linked == {p.name for p in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert "(docs/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_pages_are_short() -> None:
    """A new page or paragraph takes the place of another one: `cat docs/*.md | wc -w`."""
    words = {page.name: len(page.read_text(encoding="utf-8").split()) for page in (ROOT / "docs").glob("*.md")}
    assert sum(words.values()) <= 20_000, words
