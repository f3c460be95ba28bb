"""Random weights: the same by the same seed, for the classes and the input of the records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import own_files
import pytest

from edgebench.artifacts.untrained import UntrainedRequest, make
from edgebench.core.errors import ModelError
from edgebench.data.signals import FOR_ECG, SUPERCLASSES
from edgebench.models import store
from edgebench.models.external import own

WANTED = replace(FOR_ECG, classes=SUPERCLASSES)


def made(spec: str, folder: Path, seed: int = 0, name: str = "") -> store.ModelManifest:
    request = UntrainedRequest({spec: name}, str(folder), WANTED, seed)
    return store.find(str(make(spec, name, request))).manifest


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    spec = f"{own_files.write(tmp_path)}:build"
    own.trust(spec)
    first, again, other = (made(spec, tmp_path / str(n), seed) for n, seed in enumerate((0, 0, 1)))
    assert first.untrained and first.weights_sha256 == again.weights_sha256 != other.weights_sha256
    assert (first.name, first.classes, first.scores) == ("net", SUPERCLASSES, {})
    assert made(spec, tmp_path / "named", name="net-build").name == "net-build"


def test_what_does_not_fit_the_records_is_refused(tmp_path: Path) -> None:
    spec = f"{own_files.write(tmp_path)}:three"
    own.trust(spec)
    with pytest.raises(ModelError, match="3"):
        made(spec, tmp_path / "out")
    with pytest.raises(ModelError, match="resnet8"):
        made("resnet8-frames", tmp_path / "out")
    assert not (tmp_path / "out").exists()
