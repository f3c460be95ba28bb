"""The process that exports."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import own_files
import pytest
from helpers import PluginMaker

from edgebench import api, reading
from edgebench.core.contracts import Artifact, Outcome

BRIEF = {"processes": 1, "warmup": 0, "min_samples": 3, "min_seconds": 0.0}


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


def exported(folder: Path, line: str, *exporters: str) -> dict[str, Outcome[Artifact]]:
    """Outcomes of a network of one's own with one more line of code, by exporter."""
    net = own_files.write(folder)
    text = net.read_text()
    net.write_text(text.replace("        return self.head", f"        {line}\n        return self.head"))
    outcomes = api.export(
        (f"{net}:build",), exporters, folder / "out", weights=net.with_suffix(".pth"), calibration_records=8
    )
    return {name.rpartition("/")[2]: outcome for name, outcome in outcomes.items()}


@pytest.mark.slow
def test_layers_have_the_names_of_the_users_network(tmp_path: Path) -> None:
    kinds = ["eager", "torchscript", "fbgemm-int8", "onnx", "onnx-int8"]
    if importlib.util.find_spec("nncf"):
        kinds += ["openvino", "openvino-int8"]
    exported(tmp_path, "pass", *kinds)
    home = tmp_path / "out" / "net" / "none"
    for kind in kinds:
        assert {layer.name for layer in reading.inspect(home / kind)} == {"conv", "head"}, kind
    run = api.measure([home / "torchscript", home / "onnx"], tmp_path / "run", limit=4, threads=1, measuring=BRIEF)
    for path in (run.folder / "profiles").iterdir():
        layers = {one["layer"] for one in json.loads(path.read_text())}
        assert {"conv", "head"} <= layers and not any(layer.startswith("network.") for layer in layers)


def test_randomness_is_named_for_every_exporter(tmp_path: Path) -> None:
    found = exported(tmp_path, "x = nn.functional.dropout(x, 0.5)", "eager", "onnx-int8")
    for outcome in found.values():
        assert outcome.status == "failed"
        assert "not deterministic" in outcome.reason and "net.py:12: x = nn.functional.dropout" in outcome.reason


def test_a_condition_on_the_records_fails_all_but_the_network_itself(tmp_path: Path) -> None:
    line = "x = x.clamp(-1, 1) * -3 if x.abs().max() > 3 else x"
    found = exported(tmp_path, line, "eager", "torchscript", "torch-int8-dynamic", "fbgemm-int8", "onnx-int8")
    assert {name: outcome.status for name, outcome in found.items()} == {
        "eager": "ok", **dict.fromkeys(("torchscript", "torch-int8-dynamic", "fbgemm-int8", "onnx-int8"), "failed")
    }  # fmt: skip
    assert all(line in outcome.reason for name, outcome in found.items() if name != "eager")
    artifact = found["eager"].value
    assert artifact.macs is None and line in artifact.notes[0]
