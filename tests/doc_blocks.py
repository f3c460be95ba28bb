"""Examples of the pages: their blocks, and the commands in them."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = (
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "results" / "README.md",
    *sorted((ROOT / "benchmarks").rglob("*.md")), *sorted((ROOT / "docs").glob("*.md")),
)  # fmt: skip
FENCE = re.compile(r"^( *)(?:<!-- (tested[^>]*) -->\n *)?```(\w+)\n(.*?)^ *```$", re.M | re.S)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and what the comment above it says, such as `tested`."""

    page: Path
    line: int
    language: str
    text: str
    mark: str

    @property
    def where(self) -> str:
        """Page and line."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, language: str = "") -> list[Block]:
    """The fenced blocks of a page, of one language or of any."""
    text = page.read_text(encoding="utf-8")
    found = [
        Block(page, text.count("\n", 0, m.start()) + 1, m[3], textwrap.dedent(m[4]), m[2] or "")
        for m in FENCE.finditer(text)
    ]
    return [b for b in found if language in ("", b.language)]


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
