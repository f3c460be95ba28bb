"""PyTorch has deprecated torch.jit and torch.ao.quantization: only the exporters that are made of them need them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import edgebench
from edgebench.core import formats, registry
from edgebench.core.protocols import Exporter

WITHOUT = """
import sys
import types

import torch.ao.quantization


class Removed(types.ModuleType):
    def __getattribute__(self, name):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.partition(".")[0] == "edgebench":
            raise ModuleNotFoundError(f"{super().__getattribute__('__name__')} is removed: {caller} uses it")
        return super().__getattribute__(name)


for part in ("torch.jit", "torch.ao.quantization"):
    sys.modules[part].__class__ = Removed
"""
"""Makes it so for EdgeBench's files, in the processes that have torch; torch's own files still use both."""
DEPENDENT = {"torchscript", "torch-int8-dynamic", "fbgemm-int8", "x86-int8", "onednn-int8", "qnnpack-int8"}


def is_here(exporter: Exporter) -> bool:
    needed = all(map(find_spec, getattr(exporter, "needs", ())))
    return needed and not formats.missing(exporter.format) and not getattr(exporter, "only_named", False)


@pytest.mark.slow
def test_all_else_works_where_both_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "without.py").write_text(WITHOUT)
    monkeypatch.setenv("WARM_FIRST", str(tmp_path / "without.py"))
    others = [name for name in registry.names("exporters") if name not in DEPENDENT]
    others = [name for name in others if is_here(registry.exporter(name))]
    assert {"eager", "onnx", "onnx-int8", "onnx-int8-dynamic"} <= set(others)
    run = edgebench.run(
        output=tmp_path / "run", models=["resnet1d"], exporters=[*others, "torchscript"], targets=["host"], quick=True
    )
    rows = {m.cell.exporter: m for m in run.measurements}
    assert {name: rows[name].reason for name in others if rows[name].status != "ok"} == {}
    # Without this the test would pass where nothing is closed.
    assert rows["torchscript"].status == "failed" and "torch.jit" in rows["torchscript"].reason
