"""Damaged records of a bundle: one line of error, or records that belong together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bundle_makers import contents
from mutations import hold, json_bytes, of_bytes, of_json

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.remote.bundles import writing

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("bundle")
    writing.write(contents(home / "made"), home / "folder", folder=True)
    return home / "folder" / "records"


def load(records: Path) -> None:
    found = registry.dataset("bundle").load(DataRequest("test", records))
    signals = np.load(found.input.path, mmap_mode="r")
    assert signals.shape == (len(found), *found.input.spec.shape) and signals.dtype == np.int16
    assert found.labels.shape == (len(found), len(found.classes)) and set(np.unique(found.labels)) <= {0, 1}


@pytest.mark.parametrize("name", ["signals.npy", "labels.npy", "ids.npy", "about.json"])
def test_bytes(records: Path, name: str) -> None:
    path = records / name
    content = path.read_bytes()

    def read(damaged: bytes) -> None:
        path.write_bytes(damaged)
        load(records)

    taken, refused = hold(read, of_bytes(content, 500))
    path.write_bytes(content)
    assert taken + refused == 500 and refused > 50


def test_values(records: Path) -> None:
    path = records / "about.json"
    content = path.read_bytes()

    def read(changed: object) -> None:
        path.write_bytes(json_bytes(changed))
        load(records)

    taken, refused = hold(read, of_json(json.loads(content), 500))
    path.write_bytes(content)
    assert taken + refused == 500 and refused > 200
