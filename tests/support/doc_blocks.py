"""Examples of the pages: their blocks, and the commands in them."""

from __future__ import annotations

import itertools
import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
"""The pages of which each block is carried out, or is in a list with the reason why not."""
PAGES = (
    *DOCS, ROOT / "CONTRIBUTING.md", ROOT / "results" / "README.md", *sorted((ROOT / "benchmarks").rglob("*.md"))
)  # fmt: skip
FENCE = re.compile(r"^( *)(?:<!-- ([^>\n]*) -->\n *)?```(\w*)\n(.*?)^ *```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and what the comment above it says, such as `tested file net.py`."""

    page: Path
    line: int
    language: str
    text: str
    mark: str
    section: str

    @property
    def where(self) -> str:
        """Page and line."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def first(self) -> str:
        """The first line, without what surrounds it."""
        return self.text.strip().splitlines()[0].strip()


def blocks(page: Path, language: str = "") -> list[Block]:
    """The fenced blocks of a page, of one language or of any."""
    text = page.read_text(encoding="utf-8")
    found = [_block(page, text, m.start(), m[3], m[4], m[2] or "") for m in FENCE.finditer(text)]
    return [b for b in found if language in ("", b.language)]


def indented(page: Path) -> list[Block]:
    """Code that stands there by four spaces or more, without a fence; what begins with `edgebench` is shell text."""
    text = FENCE.sub(lambda m: "\n" * m[0].count("\n"), page.read_text(encoding="utf-8"))
    found, before, begun = [], "", False
    for i, line in enumerate(text.splitlines()):
        begun = line.startswith("    ") and (begun or not before.strip() or before.startswith("#"))
        if begun:
            found.append((i, line))
        before = line
    runs = itertools.groupby(enumerate(found), lambda pair: pair[1][0] - pair[0])  # lines that follow each other
    return [_plain(page, [line for _, line in lines]) for _, lines in runs]


def _plain(page: Path, lines: list[tuple[int, str]]) -> Block:
    text = textwrap.dedent("".join(f"{text}\n" for _, text in lines))
    return Block(page, lines[0][0] + 1, "sh" if text.startswith("edgebench ") else "", text, "", "")


def _block(page: Path, text: str, start: int, language: str, code: str, mark: str) -> Block:
    heads = re.findall(r"^#+ (.*)$", FENCE.sub("", text[:start]), re.M)
    line = text.count("\n", 0, start) + 1
    return Block(page, line, language, textwrap.dedent(code), mark, heads[-1] if heads else "")


def shell(page: Path) -> Iterator[tuple[str, str]]:
    """All shell text of a page with its place: fenced blocks, and indented lines that begin with `edgebench`."""
    for block in blocks(page, "sh"):
        yield block.where, block.text
    plain = FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in re.finditer(r"^ {4}(edgebench (?:.*\\\n)*.*)$", plain, re.M):
        yield str(page.relative_to(ROOT)), found[1]


def commands(text: str) -> list[list[str]]:
    """The arguments of each `edgebench` command in a shell's text."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="&;|")
        lexer.commenters, lexer.whitespace_split = "#", True
        words: list[str] = []
        for token in [*lexer, ";"]:
            if set(token) <= set("&;|"):
                if words[:1] == ["edgebench"]:
                    found.append(words[1:])
                words = []
            elif words or "=" not in token:  # NAME=VALUE before a command
                words.append(token)
    return found


def inline(page: Path) -> list[str]:
    """Commands inside of sentences: `edgebench …`; their arguments may be left out."""
    plain = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(c.split()) for c in re.findall(r"`edgebench ([^`]+)`", plain)]
