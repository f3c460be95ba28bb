"""A network that takes an ECG and demographics goes the whole way, and the device gets both."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from edgebench.artifacts import manifests
from edgebench.artifacts.build import Build, _request
from edgebench.artifacts.builder import build
from edgebench.artifacts.import_model import ImportRequest, import_model
from edgebench.choosing import snippets
from edgebench.core import registry
from edgebench.core.contracts import Artifact, Job, Outcome
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import ArtifactError, DataError, ModelError
from edgebench.core.expected import Expected
from edgebench.core.serialization import from_dict, to_dict
from edgebench.data.bundled import Bundled
from edgebench.data.stored import Batches
from edgebench.measuring import worker
from edgebench.models import store
from edgebench.models.external import own
from edgebench.pipeline import grid
from edgebench.remote.bundles.writing import Contents, laid_out

MINE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.conv, self.relu = nn.Conv1d(2, 8, 5), nn.ReLU()
        self.head = nn.Linear(8 + 3, outputs)

    def forward(self, ecg, demographics):
        return self.head(torch.cat([self.relu(self.conv(ecg)).mean(2), demographics], 1))
"""
EXPORTERS = ("eager", "onnx", "onnx-int8", "torchscript", "fbgemm-int8")


def loaded(folder: Path, split: str = "test") -> RecordSet:
    """40 records of a signal, three numbers and another input that no network takes; one quantity."""
    file = folder / "data.npz"
    if not file.exists():
        rng = np.random.default_rng(0)
        ecg, demographics, unused = (rng.normal(0, 1, (40, *s)).astype(np.float32) for s in ((2, 50), (3,), (1,)))
        np.savez(file, ecg=ecg, demographics=demographics, unused=unused, y=rng.normal(50, 9, 40))
    options = {"inputs": "ecg,demographics,unused"}
    return registry.dataset("arrays").load(DataRequest(split, file, options=options))  # type: ignore[arg-type]


def expected(folder: Path, records: RecordSet) -> NDArray[np.float32]:
    """What the network answers, in torch."""
    namespace: dict[str, type[torch.nn.Module]] = {}
    exec(MINE, namespace)
    network = namespace["Net"](1)
    network.load_state_dict(torch.load(folder / "mine.pth"))
    first, second, _ = Batches(*records.inputs)[:]
    with torch.inference_mode():
        found: NDArray[np.float32] = network.eval()(torch.from_numpy(first), torch.from_numpy(second)).numpy()
    return found


def imported(folder: Path, records: RecordSet, code: str = MINE) -> Path:
    (folder / "mine.py").write_text(code)
    namespace: dict[str, type[torch.nn.Module]] = {}
    exec(MINE, namespace)
    torch.manual_seed(1)
    torch.save(namespace["Net"](1).state_dict(), folder / "mine.pth")
    spec = f"{folder / 'mine.py'}:Net"
    own.trust(spec)
    return import_model(ImportRequest(spec, str(folder / "mine.pth"), str(folder / "out"), Expected.of(records)))


def answered(artifact: Artifact, path: Path, records: RecordSet, folder: Path) -> NDArray[np.float32]:
    """By a worker's job in this process, whose request went through JSON."""
    job = Job(
        "predict", artifact, str(path), "cpu", 1, artifact.engine, records.input, str(folder / "answers.npy"), batch=3,
        further=records.further(artifact.further),
    )  # fmt: skip
    outcome = worker.perform(from_dict(Job, to_dict(job)))
    assert outcome.status == "ok", outcome.reason
    found: NDArray[np.float32] = np.load(folder / "answers.npy")
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("several")


@pytest.fixture(scope="module")
def built(home: Path) -> dict[str, Outcome[Artifact]]:
    """The artifacts of the network, built in this process."""
    test, training = loaded(home), loaded(home, "calibration")
    model = str(imported(home, test))
    manifest = store.find(model).manifest
    assert list(manifest.further) == ["demographics"] and manifest.further["demographics"].shape == (3,)
    (home / "made").mkdir()
    asked = Build(model, "none", EXPORTERS, home / "made", training, test, 60)
    return dict(build(_request(asked, list(EXPORTERS), home / "made" / "check.npy")))


@pytest.mark.parametrize("name", EXPORTERS[:4])
def test_every_runtime_gives_both_inputs(name: str, built: dict[str, Outcome[Artifact]], home: Path) -> None:
    outcome, records = built[name], loaded(home)
    assert outcome.status == "ok", outcome.reason
    artifact, path = outcome.value, home / "made" / name / outcome.value.file
    assert artifact.macs == 8 * 46 * 2 * 5 + 11
    found, wanted = answered(artifact, path, records, home), expected(home, records)
    tolerance = 0.05 if artifact.precision == "int8" else 1e-5
    np.testing.assert_allclose(found, wanted, atol=tolerance)
    if artifact.format == "onnx":
        session = onnxruntime.InferenceSession(path)
        assert [one.name for one in session.get_inputs()] == ["signals", "demographics"]
    if name in ("onnx", "torchscript"):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(path.parent)
            exec(snippets.of(artifact), {})
    without = replace(records, inputs=records.inputs[:1])
    assert grid._mismatch(artifact, records) == ""
    assert "'demographics'" in grid._mismatch(artifact, without)
    with pytest.raises(DataError, match="demographics"):
        without.further(artifact.further)


def test_other_exporters_say_why_not(built: dict[str, Outcome[Artifact]]) -> None:
    assert built["fbgemm-int8"].status == "unsupported"
    assert "demographics" in built["fbgemm-int8"].reason


def test_a_bundle_has_both(built: dict[str, Outcome[Artifact]], home: Path, tmp_path: Path) -> None:
    records = replace(loaded(home), ids=np.array([f"patient {n}" for n in range(4)]))
    artifact = built["onnx"].value
    files, _ = laid_out(Contents(((artifact, home / "made" / "onnx" / artifact.file),), (), records))
    for name, content in files.items():
        if name.startswith("records/"):
            target = tmp_path / Path(name).name
            target.write_bytes(content) if isinstance(content, bytes) else shutil.copy(content, target)
    there = Bundled().load(DataRequest("test", tmp_path))
    assert [one.name for one in there.inputs] == ["ecg", "demographics", "unused"]
    assert there.ids.tolist() == records.ids.tolist()
    for mine, other in zip(Batches(*there.inputs)[:], Batches(*records.inputs)[:], strict=True):
        np.testing.assert_array_equal(mine, other)
    few = Bundled().load(DataRequest("test", tmp_path, limit=2))
    assert [len(one) for one in Batches(*few.inputs)[:]] == [2, 2, 2]


CARD = 'output_kind = "logits"\n[input]\nname = "signals"\n'


def test_a_file_of_the_users_takes_both(built: dict[str, Outcome[Artifact]], home: Path, tmp_path: Path) -> None:
    """By its own names, or those that its card maps; what it lacks or the records lack is one line."""
    records, made = loaded(home), home / "made"
    wanted = Expected.of(records)
    path = Path(shutil.copy(made / "onnx" / "model.onnx", tmp_path / "net.onnx"))
    script = Path(shutil.copy(made / "torchscript" / "model.pt", tmp_path / "net2.pt"))
    for file, card in ((path, ""), (path, CARD)):
        file.with_suffix(".toml").write_text(card)
        artifact = manifests.read(file, wanted=wanted).artifact
        assert list(artifact.further) == ["demographics"]
        np.testing.assert_allclose(answered(artifact, file, records, home), expected(home, records), atol=1e-4)
    path.with_suffix(".toml").write_text("[inputs]\ndemographics = 'unused'\n")
    with pytest.raises(ArtifactError, match=r"demographics.*3.*\(batch, 1\)"):
        manifests.read(path, wanted=wanted)
    for card, said in (("[inputs]\ndemographics = 'sex'\n", "no 'sex'"), ("[inputs]\nage = 'unused'\n", "no 'age'")):
        path.with_suffix(".toml").write_text(card)
        with pytest.raises(ArtifactError, match=said):
            manifests.read(path, wanted=wanted)
    name = torch.jit.load(script).forward.schema.arguments[2].name  # type: ignore[no-untyped-call]
    script.with_suffix(".toml").write_text(f"[inputs]\n{name} = 'demographics'\n")
    artifact = manifests.read(script, wanted=wanted).artifact
    np.testing.assert_allclose(answered(artifact, script, records, home), expected(home, records), atol=1e-4)


def test_a_network_maps_names_and_misses_none(home: Path, tmp_path: Path) -> None:
    records = loaded(home)
    renamed = MINE.replace("demographics", "table")
    with pytest.raises(ModelError, match=r"\[constants\] table.*\[inputs\] table"):
        imported(tmp_path, records, renamed)
    (tmp_path / "mine.toml").write_text("[inputs]\ntable = 'demographics'\n")
    network = store.network(store.find(str(imported(tmp_path, records, renamed))))
    first, second, _ = (torch.from_numpy(one) for one in Batches(*records.inputs)[:])
    with torch.inference_mode():
        np.testing.assert_allclose(network(first, second).numpy(), expected(tmp_path, records), atol=1e-5)
    (tmp_path / "mine.toml").write_text("[inputs]\ntable = 'sex'\n")
    with pytest.raises(ModelError, match=r"'sex'.*demographics, unused"):
        imported(tmp_path, records, renamed)
