"""What stands inside the page as it is: scripts, style and data, so that none of it can end the block that it is in."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markupsafe import Markup

ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
"""Signs that HTML may read before JSON is read; what is not ASCII, U+2028 too, is escaped as well."""

UNSEEN = dict.fromkeys(
    [
        *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000), *range(9), *range(14, 32),
        *range(0x7F, 0xA0),
    ],
    "\ufffd",
)  # fmt: skip
"""What `records.readable` replaces: signs that turn the direction of what follows, so that a name would read as
another one, control characters, and lone surrogates, which no file can hold. White space stays: programs have lines."""


def visible(value: Any) -> Any:
    """A text in which every sign is seen, and none turns the direction of others, but for scripts that run that way."""
    return value.translate(UNSEEN) if type(value) is str else value


def json_block(data: Any) -> Markup:
    """Data as JSON for a `<script type="application/json">`; raises ValueError for not-a-number."""
    from markupsafe import Markup

    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPES))


def safe(text: str, tag: str) -> Markup:
    """The package's own script or style, which must not end its block; raises ValueError where it would."""
    from markupsafe import Markup

    if re.search(rf"</{tag}|<!--", text, re.IGNORECASE):
        raise ValueError(f"a {tag} may hold neither its own end nor the start of a comment")
    return Markup(text)


@functools.cache
def library() -> Markup:
    """plotly.js as the Python package brings it; raises ModuleNotFoundError where that is not installed.

    The package itself is not imported: only its file is wanted.
    """
    found = importlib.util.find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'plotly'", name="plotly")
    path = Path(found.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
    return safe(path.read_text("utf-8").replace("\r\n", "\n"), "script")


def policy(*scripts: str) -> str:
    """The page's own rules for the browser: these scripts, inline styles, and nothing from anywhere else."""
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
