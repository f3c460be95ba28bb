"""Stages of a run on real artifacts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from flat_rows import value
from helpers import QUICK, quick

from edgebench import api
from edgebench.core.progress import ProgressReporter
from edgebench.core.settings import Measuring


class Heard(ProgressReporter):
    """Keeps the notes."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def timing(**changes: object) -> Measuring:
    return dataclasses.replace(QUICK, **changes)  # type: ignore[arg-type]


def test_a_machine_without_a_temperature_is_told_once(exported: Path, tmp_path: Path) -> None:
    from edgebench.measuring import sensors

    if sensors.temperature_c() is not None:
        pytest.skip("this machine shows its temperature")
    heard = Heard()
    measuring = timing(cool_down_c=50.0)
    api.run(quick(exported, "onnx", measuring=measuring), tmp_path / "run", listener=heard)
    assert heard.notes == ["this machine shows no temperature: there is nothing that --cool-down could wait for"]


def test_what_cannot_take_batches_is_told_once(exported: Path, tmp_path: Path) -> None:
    """An ONNX file from elsewhere whose batch is fixed at one: its cell has everything but that figure."""
    import onnx

    model = onnx.load(exported / "onnx" / "model.onnx")
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1
    onnx.save(model, tmp_path / "net.onnx")
    card = 'classes = ["NORM", "MI", "STTC", "CD", "HYP"]\nthresholds = [0.5, 0.5, 0.5, 0.5, 0.5]\n'
    (tmp_path / "net.toml").write_text(card)
    heard = Heard()
    plan = quick(tmp_path, "net.onnx", measuring=timing(batches=(4,)))
    (m,) = api.run(plan, tmp_path / "run", listener=heard).measurements
    assert (m.status, value(m, "batch_throughputs_per_s"), value(m, "best_batch")) == ("ok", {}, None)
    told = f"{m.cell.id}: no batches of 4: it takes one record at a time"
    assert heard.notes == ["net: one record at a time", told]  # how it is fed, and what that excludes


def test_what_does_not_fit_into_a_targets_memory_is_a_row(exported: Path, tmp_path: Path) -> None:
    def measured(limit_mb: int) -> tuple[str, str]:
        profile = tmp_path / f"small{limit_mb}.toml"
        profile.write_text(
            f'name = "small{limit_mb}"\ndescription = "a small device"\narchitecture = ""\n'
            f"memory_limit_bytes = {limit_mb * 1_000_000}\n"
        )
        plan = quick(exported, "onnx", targets=(str(profile),))
        (m,) = api.run(plan, tmp_path / f"run{limit_mb}").measurements
        assert value(m, "macro_f1") is not None
        assert (value(m, "latency_p50_s") is None) == (m.status != "ok")
        return m.status, m.reason

    status, reason = measured(20)
    assert status == "unsupported"
    assert reason.startswith("memory: does not fit into the target's 20 MB of memory: the runtime alone has")
    assert measured(2000) == ("ok", "")
