"""Scripts, style and data inside the page, made so that none of them can end its block."""

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
"""Characters that HTML could interpret before JSON is parsed; all that is not ASCII is escaped as well."""

UNSEEN = dict.fromkeys(
    [
        *range(0x202A, 0x202F), *range(0x2066, 0x206A), *range(0xD800, 0xE000), *range(9), *range(14, 32),
        *range(0x7F, 0xA0),
    ],
    "\ufffd",
)  # fmt: skip
"""What `serialization.readable` replaces: characters that reverse the direction of the text after them, control
characters, and lone surrogates, which no file can hold. White space stays, since programs have lines."""


def visible(value: Any) -> Any:
    """A text in which every character is visible and none changes the direction of others."""
    return value.translate(UNSEEN) if type(value) is str else value


def json_block(data: Any) -> Markup:
    """Data as JSON for a `<script type="application/json">`; raises ValueError for not-a-number."""
    from markupsafe import Markup

    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(ESCAPES))


def image(svg: str) -> str:
    """The address of a picture inside the page, in which no script runs."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def safe(text: str, tag: str) -> Markup:
    """A script or style of the package; raises ValueError where it would end its block."""
    from markupsafe import Markup

    if re.search(rf"</{tag}|<!--", text, re.IGNORECASE):
        raise ValueError(f"a {tag} may contain neither its own end tag nor the start of a comment")
    return Markup(text)


@functools.cache
def library() -> Markup:
    """plotly.js from the Python package plotly; raises ModuleNotFoundError where that is not installed.

    Only its file is read; the package is not imported.
    """
    found = importlib.util.find_spec("plotly")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("No module named 'plotly'", name="plotly")
    path = Path(found.submodule_search_locations[0]) / "package_data" / "plotly.min.js"
    return safe(path.read_text("utf-8").replace("\r\n", "\n"), "script")


def policy(*scripts: str) -> str:
    """The content security policy of the page: these scripts, inline styles, and nothing from the network."""
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
