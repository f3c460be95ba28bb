"""What `edgebench train` says while it trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgebench import api
from edgebench.cli.training_view import show_training
from edgebench.models import store
from edgebench.training.loop import Watch
from edgebench.training.state import EpochReport


def test_an_epoch_is_one_line_where_no_terminal_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def trained(name: str, dataset: str, directory: Path | None, watch: Watch, **_: Any) -> Path:
        assert watch.step is not None
        assert watch.epoch is not None
        for epoch in range(2):
            for step in range(1, 5):
                watch.step(step, 4, epoch)
            watch.epoch(EpochReport(epoch + 1, 2, 0.5, 0.9, "macro_auc", 0.9, 3.0))
        return store.SHIPPED / "resnet1d.json"

    monkeypatch.setattr(api, "train", trained)
    show_training("resnet1d", "demo", None, output=tmp_path)
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["epoch 1/2", "epoch 2/2"]
    assert "written: " in said.out
