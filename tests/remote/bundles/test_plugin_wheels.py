"""Runtimes of others inside a bundle; tests/pipeline/test_own_format.py measures with one over SSH."""

from __future__ import annotations

from pathlib import Path

import own_format
import pytest
from bundle_makers import entries_of
from helpers import PluginMaker

from edgebench.core import registry
from edgebench.core.errors import BundleError
from edgebench.remote.bundles import plugin_wheels


def test_own_formats_need_no_further_wheel() -> None:
    assert plugin_wheels.of(["onnx", "eager", "nobody-has-it"]) == {}


def test_a_module_with_its_entry_point(plugin: PluginMaker, tmp_path: Path) -> None:
    own_format.install(plugin)
    ((name, content),) = plugin_wheels.of(["onnx", "own"]).items()
    assert plugin_wheels.of(["own"]) == {name: content}, "the same bytes each time"
    (tmp_path / name).write_bytes(content)
    entries = entries_of(tmp_path / name)
    points = next(text for one, text in entries.items() if one.endswith("entry_points.txt")).decode()
    assert points == f"[edgebench.runtimes]\nown = {own_format.MODULE}:RUNTIME\n", "a device exports nothing"
    record = next(text for one, text in entries.items() if one.endswith("RECORD")).decode()
    assert len(record.splitlines()) == len(entries)


def test_compiled_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "compiled_plugin"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "fast.so").write_bytes(b"\x7fELF")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(registry, "place", lambda kind, name: "compiled_plugin.runtime:RUNTIME")
    with pytest.raises(BundleError, match=r"fast\.so"):
        plugin_wheels.of(["own"])
