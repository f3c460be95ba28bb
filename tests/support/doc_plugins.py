"""The plug-ins that docs/adding.md shows, installed by the page's own entry points."""

from __future__ import annotations

import tomllib

from doc_blocks import ROOT, blocks
from helpers import PluginMaker

PAGE = ROOT / "docs" / "adding.md"


def install(plugin: PluginMaker) -> dict[str, str]:
    """Install every plug-in of the page; returns the name of each by its kind."""
    found: dict[str, str] = {}
    code = [b.text for b in blocks(PAGE, "python") if b.text.startswith('"""')]
    points = [
        tomllib.loads(b.text)["project"]["entry-points"] for b in blocks(PAGE, "toml") if b.text.startswith("[proj")
    ]
    assert len(code) == len(points) == 7
    for text, entry in zip(code, points, strict=True):
        ((group, named),) = entry.items()
        ((name, place),) = named.items()
        module, attribute = f"added_{name.replace('-', '_')}_{len(found)}", place.partition(":")[2]
        assert f"{attribute} = " in text
        found[group.removeprefix("edgebench.")] = name
        plugin(module, text, f"[{group}]\n{name} = {module}:{attribute}\n")
    return found
