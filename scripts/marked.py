"""Parts of the pages that scripts write: each stands between `<!-- NAME -->` and `<!-- end -->`."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "results" / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def replaced(text: str, name: str, part: str) -> str:
    """The text with `part` between the marks of that name; raises ValueError where there are none."""
    pattern = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"no '<!-- {name} -->' with '<!-- end -->' in the page")
    return pattern.sub(lambda found: f"{found[1]}{part}\n{found[2]}", text)
