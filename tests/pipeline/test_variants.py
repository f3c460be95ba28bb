"""Models that artifacts are built from: each made once, a chain from its beginning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgebench.core.contracts import Outcome
from edgebench.core.job_keys import JobKey
from edgebench.core.progress import ProgressReporter
from edgebench.models import store
from edgebench.pipeline.read_plan import load
from edgebench.pipeline.variants import Variants, folder_in

SOURCES = {"resnet1d": "resnet1d"}


class Notes(ProgressReporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_a_chain_is_made_from_what_the_plan_has_of_it(tmp_path: Path) -> None:
    plan = load(None, {"models": ("resnet1d",), "variants": ("l1-0.3+random-0.2", "l1-0.3")})
    known: dict[JobKey, Outcome[Any]] = {}
    notes = Notes()
    variants = Variants(plan, SOURCES, folder_in(tmp_path), known, known.__setitem__, notes)
    assert variants.find("resnet1d", "none") == (Outcome("ok"), "resnet1d")
    for variant in plan.build.variants:
        outcome, manifest = variants.find("resnet1d", variant)
        assert outcome.status == "ok"
        manifest_of = store.find(manifest).manifest
        assert manifest_of.variant == variant
        assert manifest_of.training["compressed"] == variant.split("+")
    assert [str(key) for key in known] == ["compress~resnet1d~l1-0.3", "compress~resnet1d~l1-0.3+random-0.2"]
    assert notes.notes == ["resnet1d: l1-0.3", "resnet1d: l1-0.3+random-0.2, from its l1-0.3"]


def test_without_its_beginning_a_chain_is_made_whole(tmp_path: Path) -> None:
    plan = load(None, {"models": ("resnet1d",), "variants": ("l1-0.3+random-0.2",)})
    known: dict[JobKey, Outcome[Any]] = {}
    variants = Variants(plan, SOURCES, folder_in(tmp_path), known, known.__setitem__, ProgressReporter())
    manifest_of = store.find(variants.find("resnet1d", "l1-0.3+random-0.2")[1]).manifest
    assert [str(key) for key in known] == ["compress~resnet1d~l1-0.3+random-0.2"]
    assert manifest_of.training["compressed"] == ["l1-0.3", "random-0.2"]


@pytest.mark.parametrize(
    ("variant", "epochs", "noted"),
    [
        ("structured-0.5", 0, True),
        ("l1-0.3+structured-0.5", 0, True),
        ("structured-0.5", 1, False),
        ("l1-0.3", 0, False),
    ],
)
def test_pruning_that_nothing_is_trained_after_says_what_it_costs(
    variant: str, epochs: int, noted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgebench.pipeline.variants.compress", lambda *_: Outcome("failed", "not tried"))
    plan = load(None, {"models": ("resnet1d",), "variants": (variant,), "finetuning": {"epochs": epochs}})
    reporter = Notes()
    made: dict[JobKey, Outcome[Any]] = {}
    Variants(plan, SOURCES, folder_in(tmp_path), made, made.__setitem__, reporter).find("resnet1d", variant)
    assert any("--finetune-epochs" in note for note in reporter.notes) is noted
