"""The user's network as a model of EdgeBench: its manifest, its thresholds, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import own_files
import pytest
import torch

from edgebench.artifacts import import_model as importing
from edgebench.artifacts.import_model import ImportRequest, import_model
from edgebench.core import registry
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import ModelError
from edgebench.core.expected import Expected
from edgebench.core.files import sha256
from edgebench.core.serialization import to_dict
from edgebench.data.signals import FOR_ECG
from edgebench.models import store
from edgebench.models.external import own
from edgebench.tasks.statistics import best_thresholds, probabilities


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ImportRequest:
    """A request to import a network of the user's, which the user has named."""
    monkeypatch.setenv(own.TRUSTED, "")
    net = own_files.write(tmp_path)
    own.trust(f"{net}:build")
    return ImportRequest(f"{net}:build", str(net.with_suffix(".pth")), str(tmp_path / "models"), FOR_ECG)


def card(asked: ImportRequest, old: str, new: str) -> None:
    """Change the card of the network."""
    assert old in own_files.CARD
    own.split(asked.spec)[0].with_suffix(".toml").write_text(own_files.CARD.replace(old, new))


def test_the_manifest_says_where_it_is_from(asked: ImportRequest) -> None:
    path = import_model(asked)
    manifest = store.find(str(path)).manifest
    net, _ = own.split(asked.spec)
    assert (path.name, manifest.name, manifest.architecture) == ("net.json", "net", f"{net.resolve()}:build")
    assert (manifest.thresholds, manifest.classes[0], manifest.scores) == ((0.5, 0.4, 0.5, 0.5, 0.6), "NORM", {})
    assert manifest.parameters == (12 * 7 + 1) * 8 + (8 + 1) * 5
    training = manifest.training
    assert (training["source"], training["weights"]) == (asked.spec, asked.weights)
    assert training["source_sha256"] == sha256(net) and training["weights_sha256"] == sha256(Path(asked.weights))


def test_the_model_predicts_as_the_users_network(asked: ImportRequest) -> None:
    model = store.network(store.find(str(import_model(asked))))
    signals = torch.randn(2, 12, 1000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = own_files.network(own.split(asked.spec)[0])(((signals - 0.1) / 0.25).transpose(1, 2))
        assert torch.allclose(model(signals), expected, atol=1e-5)


def test_a_name_of_the_card_names_the_files(asked: ImportRequest) -> None:
    card(asked, "\nclasses", '\nname = "mine"\nlicense = "MIT"\nclasses')
    path = import_model(asked)
    assert (path.name, store.find(str(path)).manifest.license) == ("mine.json", "MIT")


def test_thresholds_say_the_task_of_records_that_have_none(asked: ImportRequest) -> None:
    """Records without labels have no task: classes alone are enough, and nothing makes an ECG's of them."""
    none = replace(asked, wanted=replace(asked.wanted, task=""))
    assert store.described(str(import_model(none))).task == "multilabel"
    card(asked, "thresholds = [0.5, 0.4, 0.5, 0.5, 0.6]\n", "")
    manifest = store.described(str(import_model(none)))
    assert (manifest.task, manifest.thresholds, len(manifest.classes)) == ("", (), 5)
    card(asked, "thresholds = [0.5, 0.4, 0.5, 0.5, 0.6]\n", 'output = "probabilities"\n')
    with pytest.raises(ModelError, match="thresholds"):  # probabilities of one class, or of each?
        import_model(none)
    own.split(asked.spec)[0].with_suffix(".toml").unlink()
    with pytest.raises(ModelError, match=r"net\.toml: classes"):
        import_model(none)


def with_records(asked: ImportRequest, records: RecordSet, folder: Path) -> ImportRequest:
    np.save(folder / "labels.npy", records.labels)
    return replace(asked, wanted=Expected.of(records), input=records.input, labels=str(folder / "labels.npy"))


def test_thresholds_are_chosen_on_records_that_are_given(
    asked: ImportRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(importing, "say", told.append)
    records = registry.dataset("demo").load(DataRequest("validation", limit=40))
    manifest = store.find(str(import_model(with_records(asked, records, tmp_path)))).manifest
    signals = torch.from_numpy((np.load(records.input.path).astype(np.float32) / 1000 - 0.1) / 0.25)
    with torch.inference_mode():
        logits = own_files.network(own.split(asked.spec)[0])(signals.transpose(1, 2)).numpy()
    assert manifest.thresholds == pytest.approx(best_thresholds(records.labels, probabilities(logits)), abs=0.011)
    assert manifest.training["thresholds"] == "chosen on 40 records of the validation fold of demo (synthetic)"
    assert [(t["done"], t["total"]) for t in told] == [(16, 40), (32, 40), (40, 40)]


def refused(asked: ImportRequest, *said: str) -> None:
    """In one line, and nothing is written."""
    with pytest.raises(ModelError) as error:
        import_model(asked)
    assert all(text in str(error.value) for text in said) and "\n" not in str(error.value)
    assert not Path(asked.folder).exists()
    (answer,) = importing._handle(to_dict(asked))
    assert answer == {"error": str(error.value)}, "and the process answers with it"


def test_other_classes_are_not_tuned(asked: ImportRequest, tmp_path: Path) -> None:
    card(asked, '"NORM", "MI"', '"NORM", "AFIB"')
    records = registry.dataset("demo").load(DataRequest("validation", limit=4))
    refused(with_records(asked, records, tmp_path), "net.toml", "NORM, AFIB", "NORM, MI")


def test_a_network_that_takes_another_layout(asked: ImportRequest) -> None:
    card(asked, 'layout = "samples-first"', "")
    refused(asked, "(batch, 12, 1000)", "layout", "[input]")


def test_another_number_of_classes(asked: ImportRequest, tmp_path: Path) -> None:
    state = own_files.network(own.split(asked.spec)[0]).state_dict()
    torch.save({k: v[:3] if k.startswith("head") else v for k, v in state.items()}, tmp_path / "three.pth")
    three = replace(asked, spec=asked.spec.replace(":build", ":three"))
    refused(replace(three, weights=str(tmp_path / "three.pth")), "(2, 3)", "(2, 5)", "5 classes")
    refused(three, "head.weight")


@pytest.mark.parametrize(
    ("returned", "named"),
    [("x, x", "0 (2, 5) and 1 (2, 5)"), ("x.mean()", "()"), ("{'aux': x, 'logits': x}", "aux"), ("None", "NoneType")],
)  # fmt: skip
def test_a_network_that_returns_no_logits(asked: ImportRequest, returned: str, named: str) -> None:
    path, _ = own.split(asked.spec)
    returns = "return self.head(self.relu(self.conv(x.transpose(1, 2))).mean(2))"
    assert returns in own_files.CODE
    path.write_text(own_files.CODE.replace(returns, f"{returns.replace('return', 'x =')}; return {returned}"))
    refused(asked, "net.py:build", named)


def test_the_process_answers_with_the_manifest(asked: ImportRequest) -> None:
    (answer,) = importing._handle(to_dict(asked))
    assert answer == {"manifest": str(Path(asked.folder) / "net.json")} and Path(answer["manifest"]).is_file()


def test_what_was_done_to_the_weights_is_in_the_manifest(asked: ImportRequest) -> None:
    weights = Path(asked.weights)
    state = torch.load(weights)
    before = store.network(store.find(str(import_model(asked)))).state_dict()
    torch.save({"model": {f"_orig_mod.{k}": v for k, v in state.items()}, "best": np.float64(0.9)}, weights)
    made = store.find(str(import_model(asked)))
    said = " ".join(made.manifest.training[importing.WEIGHTS_CHANGED])
    assert "'model'" in said and "'_orig_mod.'" in said
    after = store.network(made).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_file_whose_name_is_none_for_a_model(asked: ImportRequest) -> None:
    """The line names the user's file, not the folder that the model would be written into."""
    net = own.split(asked.spec)[0]
    other = net.with_name("-net.py")
    other.write_text(net.read_text())
    other.with_suffix(".toml").write_text(own_files.CARD)
    own.trust(f"{other}:build")
    with pytest.raises(ModelError, match=r"-net\.py: .*set another name in -net\.toml"):
        import_model(replace(asked, spec=f"{other}:build"))
