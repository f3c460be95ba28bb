"""What `edgebench train` says while it trains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small_networks
import typer

from edgebench import api
from edgebench.cli.training_view import show_training
from edgebench.core.errors import ModelError
from edgebench.models import store
from edgebench.tasks.multilabel import METRICS
from edgebench.training.loop import Watch
from edgebench.training.state import EpochReport, is_unfinished


def test_an_epoch_is_one_line_where_no_terminal_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def trained(name: str, dataset: str, directory: Path | None, watch: Watch, **_: Any) -> Path:
        assert watch.step is not None
        assert watch.epoch is not None
        for epoch in range(2):
            for step in range(1, 5):
                watch.step(step, 4, epoch)
            watch.epoch(EpochReport(epoch + 1, 2, 0.5, 0.9, METRICS[1], 0.9, 3.0))
        return store.SHIPPED / "resnet1d.json"

    monkeypatch.setattr(api, "train", trained)
    show_training("resnet1d", "demo", None, output=tmp_path)
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["epoch 1/2", "epoch 2/2"]
    assert "written: " in said.out
    assert "validation macro-AUC 0.9000 (best 0.9000), 3 s, at most 3 s left\n" in said.err
    assert said.err.endswith("3 s\n"), "nothing is left after the last one"


def test_what_an_interrupted_training_left_is_not_overwritten(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    recipe = {"epochs": 2, "batch_size": 64}
    small_networks.register(monkeypatch)
    checkpoint = tmp_path / "small-signal.checkpoint.pt"
    trained = api.train

    def stopped(*given: Any, watch: Watch, **options: Any) -> Path:
        return trained(*given, watch=replace(watch, epoch=stop), **options)

    monkeypatch.setattr(api, "train", stopped)
    with pytest.raises(typer.Exit) as ended:
        show_training("small-signal", "demo", None, output=tmp_path, recipe=recipe)
    assert ended.value.exit_code == 130
    assert "Continue: the same command with --resume" in " ".join(capsys.readouterr().err.split())
    left = checkpoint.read_bytes()
    with pytest.raises(ModelError, match="an unfinished training"):
        show_training("small-signal", "demo", None, output=tmp_path, recipe=recipe)
    assert checkpoint.read_bytes() == left
    monkeypatch.setattr(api, "train", trained)
    show_training("small-signal", "demo", None, output=tmp_path, recipe=recipe, resume=True)
    assert not is_unfinished(checkpoint), "its training came to its end, so a new one may begin"
