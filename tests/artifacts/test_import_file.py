"""Existing ONNX and TorchScript files, measured as they are."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx_files
import own_files
import pytest
import small_onnx
import torch
from helpers import QUICK

from edgebench import api
from edgebench.artifacts import import_file, manifests, opening
from edgebench.core import formats, registry
from edgebench.core.datasets import DataRequest
from edgebench.core.errors import ArtifactError
from edgebench.data.signals import FOR_ECG
from edgebench.tasks.statistics import best_thresholds, probabilities


def save_onnx(network: torch.nn.Module, path: Path, *shape: int, **options: Any) -> Path:
    torch.onnx.export(
        network.eval(), (torch.zeros(*shape),), path, dynamo=True, external_data=False, verbose=False, **options
    )
    path.with_suffix(".toml").write_text(own_files.CARD)
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """fixed.onnx with a batch of 1, any.onnx, and script.pt: all of the same network."""
    folder = tmp_path_factory.mktemp("given")
    network = own_files.network(own_files.write(folder))
    save_onnx(network, folder / "fixed.onnx", 1, 1000, 12)
    save_onnx(network, folder / "any.onnx", 2, 1000, 12, dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.jit.trace(network, torch.zeros(1, 1000, 12)).save(folder / "script.pt")  # type: ignore[no-untyped-call]
    shutil.copy(folder / "net.toml", folder / "script.toml")
    return folder


def test_each_is_measured_and_all_decide_alike(files: Path, tmp_path: Path) -> None:
    chosen = [files / name for name in ("fixed.onnx", "any.onnx", "script.pt")]
    run = api.run(
        None, tmp_path / "run", artifacts=chosen, targets=("host",), limit=20, threads=1, measuring=vars(QUICK)
    )
    assert [(m.status, m.cell.exporter, m.precision) for m in run.measurements] == [("ok", "as-is", "fp32")] * 3
    records = registry.dataset("demo").load(DataRequest("test", limit=20))
    signals = torch.from_numpy((np.load(records.input.path).astype(np.float32) / 1000 - 0.1) / 0.25)
    with torch.inference_mode():
        by_hand = own_files.network(files / "net.py")(signals.transpose(1, 2)).numpy()
    for name in ("fixed", "any", "script"):
        np.testing.assert_allclose(np.load(tmp_path / f"run/predictions/{name}~none~as-is~cpu.npy"), by_hand, atol=1e-4)


def test_layout_and_batch_are_the_files_own(files: Path) -> None:
    fixed, free = import_file.describe(files / "fixed.onnx", False), import_file.describe(files / "any.onnx", False)
    assert fixed.feed and free.feed
    assert (fixed.feed.axes, fixed.feed.single) == (("sample", "lead"), True)
    assert (free.feed.axes, free.feed.single) == (("sample", "lead"), False)


def test_thresholds_are_chosen_where_asked_for(files: Path, tmp_path: Path) -> None:
    file = Path(shutil.copy(files / "any.onnx", tmp_path))
    file.with_suffix(".toml").write_text(own_files.CARD.replace("thresholds", "# thresholds"))
    with pytest.raises(ArtifactError, match="no thresholds"):
        manifests.read(file)
    from edgebench.pipeline.own_models import with_thresholds

    validation = registry.dataset("demo").load(DataRequest("validation"))
    kept = tmp_path / "kept" / "manifest.json"
    tuned = with_thresholds(manifests.read(file, tuned=True), validation, kept, 60).artifact
    # What was chosen is kept, and a resume takes it from there: no process is asked again.
    assert with_thresholds(manifests.read(file, tuned=True), validation, kept, 0).artifact == tuned
    signals = torch.from_numpy((np.load(validation.input.path).astype(np.float32) / 1000 - 0.1) / 0.25)
    with torch.inference_mode():
        logits = own_files.network(files / "net.py")(signals.transpose(1, 2)).numpy()
    assert tuned is not None
    assert tuned.thresholds == pytest.approx(best_thresholds(validation.labels, probabilities(logits)), abs=0.011)


def test_outputs_that_nothing_names_are_numbered(tmp_path: Path) -> None:
    """Records without labels have no names for them, and need none."""
    file = small_onnx.save(tmp_path / "a.onnx", "")
    unlabelled = replace(FOR_ECG, task="")
    assert import_file.describe(file, False, unlabelled).classes == ("0", "1", "2", "3", "4")
    file.with_suffix(".toml").write_text('classes = ["a", "b", "c", "d", "e"]')
    assert import_file.describe(file, False, unlabelled).classes == ("a", "b", "c", "d", "e")


def refused(file: Path, said: str) -> None:
    with pytest.raises(ArtifactError, match=said) as error:
        import_file.describe(file, False)
    assert "\n" not in str(error.value)


def test_what_does_not_fit_is_told(files: Path, tmp_path: Path) -> None:
    card = own_files.CARD
    file = Path(shutil.copy(files / "fixed.onnx", tmp_path))
    refused(file, "no fixed.toml beside it")
    file.with_suffix(".toml").write_text(card.replace("samples-first", "leads-first"))
    refused(file, r"takes \[1, 1000, 12\] \(leads-first by its TOML file\)")
    file.with_suffix(".toml").write_text(card.replace(', "HYP"', "").replace(", 0.6]", "]"))
    refused(file, "answers 5 numbers a record, but its TOML file has 4 classes")
    refused(save_onnx(torch.nn.Flatten(), tmp_path / "image.onnx", 1, 3, 8, 8), r"takes .*\[1, 3, 8, 8\]")
    refused(save_onnx(torch.nn.Flatten(), tmp_path / "short.onnx", 1, 12, 500), r"takes \[1, 12, 500\] .*, not \(batch")


def test_an_opset_that_the_runtime_lacks(files: Path, tmp_path: Path) -> None:
    model = onnx.load(files / "fixed.onnx")
    model.opset_import[0].version = 99
    onnx.save(model, tmp_path / "new.onnx")
    (tmp_path / "new.toml").write_text(own_files.CARD)
    refused(tmp_path / "new.onnx", "opset 99 of ai.onnx, onnxruntime .* reads up to 2")


def test_damaged_files(files: Path, tmp_path: Path) -> None:
    for name in ("broken.onnx", "broken.pt"):
        (tmp_path / name).write_bytes(b"nothing of use")
        (tmp_path / name).with_suffix(".toml").write_text(own_files.CARD)
        refused(tmp_path / name, "cannot load it|not an ONNX file|not a TorchScript file")
    refused(tmp_path / "absent.onnx", "no such file")


def test_precision_by_the_operators(exported: Path) -> None:
    for exporter, precision in (("onnx", "fp32"), ("onnx-int8", "int8"), ("fbgemm-int8", "int8")):
        found = manifests.read(exported / exporter)
        assert found.path
        assert opening.facts(found.path, formats.of_file(found.path)).precision == precision


def test_what_cannot_be_measured_rightly_is_refused(files: Path, tmp_path: Path) -> None:
    network = own_files.network(files / "net.py")
    eight = save_onnx(network, tmp_path / "eight.onnx", 8, 1000, 12)
    refused(eight, "takes batches of 8 only")
    torch.onnx.export(network, (torch.zeros(1, 1000, 12),), tmp_path / "two.onnx", dynamo=True, external_data=True)
    (tmp_path / "two.toml").write_text(own_files.CARD)
    model = onnx.load(tmp_path / "two.onnx")
    onnx.save(model, tmp_path / "two.onnx", save_as_external_data=True, location="two.data", size_threshold=0)
    refused(tmp_path / "two.onnx", "keeps weights in another file .two.data.*save_as_external_data=False")


def test_weights_in_another_file_are_refused_wherever_that_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside the file, in the working directory, elsewhere, and nowhere."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    weights = onnx_files.network().graph.initializer[0].raw_data
    for place in (tmp_path / "w.data", tmp_path / "here" / "w.data", tmp_path / "far.data", None):
        model = onnx_files.network()
        onnx_files.outside(model, model.graph.initializer[0], place.name if place else "nowhere.data")
        if place:
            place.write_bytes(weights)
        path = onnx_files.write(tmp_path / f"{place.parent.name if place else 'none'}.onnx", model)
        refused(path, "keeps weights in another file .*save_as_external_data=False")


def test_what_the_file_needs_is_named(tmp_path: Path) -> None:
    refused(onnx_files.write(tmp_path / "ir.onnx", onnx_files.network(ir_version=99)), r"IR version 99, .* up to \d+")
    nothing = onnx_files.network()
    del nothing.graph.output[:]
    refused(onnx_files.write(tmp_path / "out.onnx", nothing), "its graph has no output")
    closed = onnx_files.network([onnx.helper.make_node("ConstantOfShape", ["size"], ["c"])], "c")
    closed.graph.initializer.append(onnx.numpy_helper.from_array(np.array([1, 12, 1000]), "size"))
    del closed.graph.input[:]
    refused(onnx_files.write(tmp_path / "in.onnx", closed), "its graph has no input")
    torch.save(torch.nn.Linear(3, 2).state_dict(), tmp_path / "a.pt")
    (tmp_path / "a.toml").write_text(own_files.CARD)
    refused(tmp_path / "a.pt", "holds a state dict, .*--model FILE.py:build --weights")


def test_a_graph_that_takes_minutes_to_optimise_is_described_at_once(tmp_path: Path) -> None:
    path = onnx_files.write(tmp_path / "slow.onnx", onnx_files.slow_to_optimise())
    assert import_file.describe(path, tuned=False).precision == "fp32"


def test_a_wrong_number_of_outputs_is_refused_before_the_run(files: Path, tmp_path: Path) -> None:
    """NumPy would stretch one column over five classes."""
    one = torch.nn.Sequential(own_files.network(files / "net.py"), torch.nn.Linear(5, 1)).eval()
    torch.jit.trace(one, torch.zeros(1, 1000, 12)).save(tmp_path / "one.pt")  # type: ignore[no-untyped-call]
    (tmp_path / "one.toml").write_text(own_files.CARD)
    with pytest.raises(ArtifactError, match=r"one\.pt: answers 1 numbers .* 5 classes"):
        api.run(None, tmp_path / "run", artifacts=(tmp_path / "one.pt",), targets=("host",), limit=20)
