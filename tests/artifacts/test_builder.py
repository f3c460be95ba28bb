"""The process that exports."""

from __future__ import annotations

from pathlib import Path

from helpers import PluginMaker

from edgebench import api


def test_an_exporter_that_crashes_costs_only_itself(plugin: PluginMaker, tmp_path: Path) -> None:
    code = """
import ctypes
class Exporter:
    name, format, summary, engine, devices, calibrates, packages = "bad", "onnx", "", "", ("cpu",), False, ()
    def export(self, task):
        ctypes.string_at(0)
EXPORTER = Exporter()
"""
    plugin("bad", code, "[edgebench.exporters]\nbad = bad:EXPORTER\n")
    outcomes = api.export(exporters=("bad", "eager"), output=tmp_path / "out", calibration_records=8)
    assert outcomes["resnet1d/none/bad"].status == "failed"
    assert "SIGSEGV" in outcomes["resnet1d/none/bad"].reason
    assert outcomes["resnet1d/none/eager"].status == "ok"
