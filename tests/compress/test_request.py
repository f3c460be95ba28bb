"""What becomes of each end of the process that compresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgebench.compress import request
from edgebench.compress.request import CompressRequest, compress
from edgebench.core.contracts import Outcome
from edgebench.core.errors import DiskFull
from edgebench.core.results import Compressed
from edgebench.core.serialization import from_dict, to_dict
from edgebench.core.settings import FineTuning
from edgebench.isolation.process import ChildError
from edgebench.models import store


def asked(folder: Path, **changes: Any) -> CompressRequest:
    fields: dict[str, Any] = {
        "model": "resnet1d", "variant": "l1-0.4", "folder": str(folder / "models"), "base": "", "dataset": "demo",
        "directory": "", "calibration": 16, "skip_bad": False, "seed": 0, "tuning": FineTuning(),
    }  # fmt: skip
    return CompressRequest(**(fields | changes))


def test_a_model_is_compressed_in_a_process_of_its_own(tmp_path: Path) -> None:
    made = compress(asked(tmp_path), 120, lambda text: None)
    assert made == Outcome("ok", result=Compressed("resnet1d.json"))
    manifest = store.find(str(tmp_path / "models" / "resnet1d.json")).manifest
    assert manifest.variant == "l1-0.4"


def ends(
    patch: pytest.MonkeyPatch, folder: Path, *answers: dict[str, Any], failure: Exception | None = None
) -> tuple[Outcome[Compressed], list[str]]:
    """The outcome where the process gives these answers, and the progress that was told."""

    def ask(module: str, fields: dict[str, Any], timeout_s: float, **_: Any) -> Iterator[dict[str, Any]]:
        assert (module, timeout_s) == ("edgebench.compress.process", 9.0)
        assert from_dict(CompressRequest, fields) == asked(folder), "it arrives as it was asked"
        yield from answers
        if failure:
            raise failure

    patch.setattr(request, "ask", ask)
    told: list[str] = []
    return compress(asked(folder), 9.0, told.append), told


def test_progress_is_told_until_the_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    outcome, told = ends(
        monkeypatch, tmp_path, {"doing": "record 1"}, {"doing": "epoch 1"}, {"manifest": "/elsewhere/net.json"}
    )
    assert (outcome, told) == (Outcome("ok", result=Compressed("net.json")), ["record 1", "epoch 1"])


@pytest.mark.parametrize(
    ("answers", "failure", "status", "reason"),
    [
        ([{"unsupported": "no layer to prune"}], None, "unsupported", "no layer to prune"),
        ([{"error": "no such records"}], None, "failed", "no such records"),
        ([{"doing": "epoch 1"}], ChildError("it crashed"), "failed", "it crashed"),
        ([], ChildError("no answer within 9 s", timeout=True), "timeout", "no answer within 9 s"),
        ([{"doing": "epoch 1"}], None, "failed", "without an answer"),
    ],
    ids=["unsupported", "error", "crash", "timeout", "no answer"],
)
def test_each_end_has_its_status_and_reason(
    answers: list[dict[str, Any]], failure: Exception | None, status: str, reason: str,
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    outcome, _ = ends(monkeypatch, tmp_path, *answers, failure=failure)
    assert (outcome.status, outcome.result) == (status, None) and reason in outcome.reason


def test_a_crash_for_want_of_space_is_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(folder: Path) -> None:
        raise DiskFull(str(folder))

    monkeypatch.setattr(request, "require_space", full)
    with pytest.raises(DiskFull, match=str(tmp_path)):
        ends(monkeypatch, tmp_path, failure=ChildError("it crashed"))


def test_the_request_survives_its_way() -> None:
    sent = asked(Path("x"), tuning=FineTuning(epochs=3, recipe={"crop": 500}), skip_bad=True)
    assert from_dict(CompressRequest, to_dict(sent)) == sent
