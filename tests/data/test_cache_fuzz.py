"""Damaged files of cache entries: never used, always made again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mutations import hold, of_bytes

from edgebench.data import cache


@pytest.mark.slow
@pytest.mark.parametrize("name", ["signals.npy", "meta.json", cache.LIST])
def test_no_damage_is_used(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEBENCH_CACHE", str(tmp_path))
    for syncing in ("sync", "sync_all"):  # thousands of times
        monkeypatch.setattr(cache, syncing, lambda path: None)
    made = 0

    def make(folder: Path) -> None:
        nonlocal made
        made += 1
        np.save(folder / "signals.npy", np.arange(240, dtype=np.int16).reshape(2, 12, 10))
        (folder / "meta.json").write_text('{"dropped": ["x"]}')

    cache.folder_of("key", make)
    path = tmp_path / "key" / name
    content = path.read_bytes()
    different = 1

    def read(damaged: bytes) -> None:
        nonlocal different
        different += damaged != content
        path.write_bytes(damaged)
        folder = cache.folder_of("key", make)
        assert made == different
        assert np.load(folder / "signals.npy").ravel().tolist() == list(range(240))
        assert (folder / "meta.json").read_text() == '{"dropped": ["x"]}'

    assert hold(read, of_bytes(content, 500)) == (500, 0)
