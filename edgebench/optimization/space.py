"""What a search chooses from: the exporters that fit the target with their options, and the compressions.

The plug-ins say it themselves; no format is named here.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgebench.choosing import devices
from edgebench.core import options, registry, target_profiles
from edgebench.core.contracts import REFERENCE
from edgebench.core.errors import DataError
from edgebench.core.options import Choices
from edgebench.pipeline import records
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.trials import Batch

UNCHANGED = "none"
"""The variant of a network that is not compressed."""


@dataclass(frozen=True)
class Space:
    """The exporters by their specs, each with the choices that are open, and the compressions."""

    exporters: Mapping[str, Choices]
    """Without choices: the exporter has none, or the user wrote its options."""
    structures: tuple[str, ...] = ()
    """Compressions that make the network smaller, and need a fine-tuning."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Exporters that do not run on the target, or are not installed, with the reason."""
    formats: Mapping[str, str] = field(default_factory=dict)
    """The format of each exporter."""

    def specs(self, exporter: str) -> Iterator[str]:
        """Every spec of an exporter, the default first."""
        for words in itertools.product(*(words_of(choice) for choice in self.exporters[exporter].values())):
            yield spec(exporter, words)

    @property
    def size(self) -> int:
        """How many specs there are."""
        return sum(1 for exporter in self.exporters for _ in self.specs(exporter))

    def untried(self, batches: Sequence[Batch]) -> list[str]:
        """The exporters that no step of a search had."""
        asked = {name for batch in batches for name in batch.step.exporters}
        return [name for name in self.exporters if not any(name in (one, one.partition(":")[0]) for one in asked)]


def words_of(choice: tuple[str, ...]) -> tuple[str, ...]:
    """The words to try of a choice: empty for what the exporter decides by itself, which most often is the first."""
    return ("", *choice[1:])


def spec(exporter: str, words: tuple[str, ...]) -> str:
    """An exporter with the words that are not empty."""
    chosen = ",".join(filter(None, words))
    return f"{exporter}:{chosen}" if chosen else exporter


def words_in(space: Space, exporter_spec: str) -> tuple[str, dict[str, str]]:
    """The exporter of a spec as the space has it, and the word of each of its choices."""
    if exporter_spec in space.exporters:
        return exporter_spec, dict.fromkeys(space.exporters[exporter_spec], "")
    name, _ = options.split(exporter_spec)
    chosen = options.of_exporter(exporter_spec, space.exporters[name])
    return name, {choice: chosen.get(choice, "") for choice in space.exporters[name]}


def of(plan: Plan, facts: Mapping[str, Any], baseline: str, fine_tune: bool = True) -> Space:
    """The space of a plan with one target on this machine; the exporters in the order in which they are tried.

    Networks are made smaller where they may be trained and there are records for it.
    """
    target = target_profiles.find(plan.measure.targets[0], facts)
    found: dict[str, Choices] = {}
    left_out: dict[str, str] = {}
    first = _format(baseline)
    kinds = {name: _format(name) for name in plan.build.exporters}
    needs = {kind: min(len(_needs(name)) for name in kinds if kinds[name] == kind) for kind in kinds.values()}
    # Those of a format share a process; formats that need few further packages are most often quick to build.
    order = {name: (name != baseline, kind != first, needs[kind], kind) for name, kind in kinds.items()}
    for name in sorted(order, key=lambda name: order[name]):
        if name == REFERENCE:
            continue
        try:
            exporter = registry.exporter(name)
        except Exception as error:
            left_out[name] = str(error)
            continue
        missing = [need for need in _needs(name) if importlib.util.find_spec(need) is None]
        reason = target_profiles.fit(exporter.engine, exporter.devices, target, facts).reason
        reason = reason or devices.impossible(exporter.format, target.architecture)
        if missing or reason:
            left_out[name] = reason or f"{', '.join(missing)} is not installed"
        else:
            found[name] = registry.choices(exporter) if name == options.split(name)[0] else {}
    return Space(found, _structures(plan, left_out) if fine_tune else (), left_out, kinds)


def _needs(name: str) -> tuple[str, ...]:
    """The packages beyond the usual ones that an exporter needs; those that need none are tried first."""
    try:
        return tuple(getattr(registry.exporter(name), "needs", ()))
    except Exception:  # its turn says why
        return ()


def _format(name: str) -> str:
    """The format of an exporter: those of the baseline's share the graph that it starts from."""
    try:
        return registry.exporter(name).format
    except Exception:
        return ""


def _structures(plan: Plan, left_out: dict[str, str]) -> tuple[str, ...]:
    """The compressions that plug-ins offer to a search, in their own order; none without training records."""
    found: list[str] = []
    try:
        registry.require_records(plan.measure.dataset, records.request(plan, "train"))
    except DataError as error:
        left_out["fine-tuning"] = str(error)
        return ()
    for name in registry.names("variants"):
        try:
            found += getattr(registry.variant(name), "searched", ())
        except Exception:  # of a plug-in that cannot be loaded: `edgebench list` says why
            continue
    return tuple(found)
