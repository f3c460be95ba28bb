"""PyTorch has deprecated torch.jit and torch.ao.quantization: only the exporters that are made of them need them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import edgebench
from edgebench.core import formats, registry
from edgebench.core.protocols import Exporter

WITHOUT = '''
"""As if both were removed, for EdgeBench's files; torch's own files still use them."""

import importlib.machinery
import sys
import types


class Removed(types.ModuleType):
    def __getattribute__(self, name):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.partition(".")[0] == "edgebench":
            raise ModuleNotFoundError(f"{super().__getattribute__('__name__')} is removed: {caller} uses it")
        return super().__getattribute__(name)


class Torch:
    """Finds torch, and closes both parts when it is imported."""

    def find_spec(self, name, path=None, target=None):
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(name)
        load = spec.loader.exec_module

        def load_and_close(module):
            load(module)
            import torch.ao.quantization

            for part in ("torch.jit", "torch.ao.quantization"):
                sys.modules[part].__class__ = Removed

        spec.loader.exec_module = load_and_close
        return spec


sys.meta_path.insert(0, Torch())
'''
DEPENDENT = {"torchscript", "torch-int8-dynamic", "fbgemm-int8", "x86-int8", "onednn-int8", "qnnpack-int8"}


def is_here(exporter: Exporter) -> bool:
    needed = all(map(find_spec, getattr(exporter, "needs", ())))
    return needed and not formats.missing(exporter.format) and not getattr(exporter, "only_named", False)


@pytest.mark.slow
def test_all_else_works_where_both_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
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
