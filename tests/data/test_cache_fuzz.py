"""Damaged files of cache entries: never used, always made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mutations import hold, of_bytes

from edgebench.data import cache


@pytest.mark.slow
@pytest.mark.parametrize("name", ["signals.npy", "labels.npy", "ids.npy", "meta.json", cache.LIST])
def test_no_damage_is_used(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    for syncing in ("sync", "sync_all"):  # thousands of times
        monkeypatch.setattr(cache, syncing, lambda path: None)
    made = 0

    def make(folder: Path) -> None:
        nonlocal made
        made += 1
        np.save(folder / "signals.npy", np.arange(240, dtype=np.int16).reshape(2, 12, 10))
        cache.save(folder, np.eye(2, 5, dtype=np.uint8), np.array([7, 9]), {"dropped": ["x"]})

    cache.open_or_make("key", make)
    path = tmp_path / "key" / name
    content = path.read_bytes()
    different = 1

    def read(damaged: bytes) -> None:
        nonlocal different
        different += damaged != content
        path.write_bytes(damaged)
        entry = cache.open_or_make("key", make)
        assert made == different
        assert np.load(entry.signals).ravel().tolist() == list(range(240)) and entry.ids.tolist() == [7, 9]
        assert entry.labels.tolist() == np.eye(2, 5).tolist() and entry.meta == {"dropped": ["x"]}

    assert hold(read, of_bytes(content, 500)) == (500, 0)
