"""The cells of a run: each artifact on each target; cells of remote targets are separate."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from edgebench.core import class_order, registry, target_profiles
from edgebench.core.cells import Cell, Target
from edgebench.core.contracts import Artifact
from edgebench.core.datasets import RecordSet
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.planned import ArtifactKey, Built, Planned
from edgebench.tasks import chosen


def size(plan: Plan) -> int:
    """How many cells the plan asks for, at most."""
    build = plan.build
    return len(build.models) * len(build.variants) * len(build.exporters) * len(plan.measure.targets)


def expected(plan: Plan, facts: Mapping[str, Any], elsewhere: Callable[[Target], bool]) -> list[target_profiles.Fit]:
    """How the cells of one network will run on this machine, as far as its exporters and targets tell."""
    targets = [target_profiles.find(name, facts) for name in plan.measure.targets]
    exporters = []
    for name in plan.build.exporters:
        with contextlib.suppress(Exception):  # one that cannot be loaded becomes rows with the reason
            exporters.append(registry.exporter(name))
    fits = [target_profiles.fit(e.engine, e.devices, t, facts) for e in exporters for t in targets if not elsewhere(t)]
    return [fit for fit in fits if not fit.reason]


def cells(
    plan: Plan, built: Mapping[ArtifactKey, Built], records: RecordSet, facts: Mapping[str, Any],
    elsewhere: Callable[[Target], bool],
) -> tuple[list[Planned], list[Planned]]:  # fmt: skip
    """The cells that are measured on this machine, and those of targets that are `elsewhere`."""
    here: list[Planned] = []
    remote: list[Planned] = []
    for key in (k for k in built if _wanted(plan, k)):
        artifact = built[key].artifact
        known = artifact or registry.exporter(key[2])
        for name in plan.measure.targets:
            target = target_profiles.find(name, facts)
            cell = Cell(*key, target.name)
            if elsewhere(target):
                remote.append(Planned(cell, target, target_profiles.Fit(), built[key]))
                continue
            fit = target_profiles.fit(known.engine, known.devices, target, facts)
            if artifact and not fit.reason:
                fit = replace(fit, reason=_mismatch(artifact, records))
            here.append(Planned(cell, target, fit, built[key]))
    return here, remote


def _wanted(plan: Plan, key: ArtifactKey) -> bool:
    """Whether the plan asks for an artifact; a reference may have been built in addition."""
    _, variant, exporter = key
    return bool(plan.measure.artifacts) or (variant in plan.build.variants and exporter in plan.build.exporters)


def _mismatch(artifact: Artifact, records: RecordSet) -> str:
    """Why these records do not fit the artifact; empty where they do."""
    if reason := chosen.mismatch(artifact, records):
        return reason
    if reason := artifact.input.mismatch(records.input.spec, records.label):
        return reason
    there = {one.name: one.spec for one in records.inputs[1:]}
    for name, spec in artifact.further.items():
        if name not in there:
            return f"takes the further input '{name}'; {records.label} has {', '.join(there) or 'none'}"
        if reason := spec.mismatch(there[name], records.label):
            return f"its further input '{name}' {reason}"
    if not records.classes:  # they have no labels
        return ""
    return class_order.mismatch(artifact.classes, records.classes, records.label)


def remarks(built: Mapping[ArtifactKey, Built], records: RecordSet) -> list[str]:
    """What is sorted or converted between the records and the artifacts, one line for each model."""
    found: dict[str, list[str]] = {}
    for made in built.values():
        artifact = made.artifact
        if artifact is None or artifact.model in found:
            continue
        parts = []
        if records.classes and artifact.classes != records.classes and not _mismatch(artifact, records):
            parts.append(f"its answers ({', '.join(artifact.classes)}) are sorted as {', '.join(records.classes)}")
        if artifact.feed and str(artifact.feed):
            parts.append(str(artifact.feed))
        found[artifact.model] = parts
    return [f"{model}: {'; '.join(parts)}" for model, parts in found.items() if parts]
