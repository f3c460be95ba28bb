"""Models that artifacts are built from: each made once, a chain from its beginning."""

from __future__ import annotations

from pathlib import Path

from edgebench.core.contracts import Outcome
from edgebench.core.progress import ProgressReporter
from edgebench.models import store
from edgebench.pipeline.read_plan import load
from edgebench.pipeline.variants import Sources


class Heard(ProgressReporter):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_a_chain_is_made_from_what_the_plan_has_of_it(tmp_path: Path) -> None:
    plan = load(None, {"models": ("resnet1d",), "variants": ("l1-0.3+random-0.2", "l1-0.3")})
    known: dict[str, Outcome] = {}
    heard = Heard()
    sources = Sources(plan, lambda model, variant: tmp_path / model / variant, known, known.__setitem__, heard)
    assert sources.find("resnet1d", "none") == (Outcome("ok"), "resnet1d")
    for variant in plan.variants:
        outcome, manifest = sources.find("resnet1d", variant)
        assert outcome.status == "ok"
        told = store.find(manifest).manifest
        assert told.variant == variant
        assert told.training["compressed"] == variant.split("+")
    assert list(known) == ["compress~resnet1d~l1-0.3", "compress~resnet1d~l1-0.3+random-0.2"]
    assert heard.notes == ["resnet1d: l1-0.3", "resnet1d: l1-0.3+random-0.2, from its l1-0.3"]


def test_without_its_beginning_a_chain_is_made_whole(tmp_path: Path) -> None:
    plan = load(None, {"models": ("resnet1d",), "variants": ("l1-0.3+random-0.2",)})
    known: dict[str, Outcome] = {}
    sources = Sources(plan, lambda _, variant: tmp_path / variant, known, known.__setitem__, ProgressReporter())
    told = store.find(sources.find("resnet1d", "l1-0.3+random-0.2")[1]).manifest
    assert list(known) == ["compress~resnet1d~l1-0.3+random-0.2"]
    assert told.training["compressed"] == ["l1-0.3", "random-0.2"]
