"""The verbs that only read runs and artifacts, and what they find as tables; `edgebench` exports them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.core.paths import AnyPath
from edgebench.core.tabular import Results

if TYPE_CHECKING:
    from edgebench.artifacts.inspect import LayerFacts
    from edgebench.choosing.comparison import Compared
    from edgebench.choosing.explained import Explanation
    from edgebench.choosing.gate import Finding
    from edgebench.choosing.recommendation import Recommendation
    from edgebench.core.policy import Policy, Preference, Tolerances, Weights
    from edgebench.core.settings import Bounds
    from edgebench.reports.notebook import MeasuredRun


def read(run: AnyPath) -> MeasuredRun:
    """The run in a folder; raises RunError."""
    from edgebench.pipeline import run_store
    from edgebench.reports.notebook import MeasuredRun

    return MeasuredRun.of(run_store.read(Path(run)))


def recommend(
    run: AnyPath,
    target: str = "",
    policy: Policy | AnyPath | None = None,
    *,
    max_latency_s: float | None = None,
    max_size_bytes: float | None = None,
    max_memory_bytes: float | None = None,
    min_score: float | None = None,
    max_drop: float | None = None,
    prefer: Preference | None = None,
    weights: Weights | Mapping[str, float] | None = None,
    tolerances: Tolerances | Mapping[str, float] | None = None,
    **earlier: Any,
) -> Results[Recommendation]:
    """Which artifact of the run in a folder to ship: one answer for each machine and target, or for the one named.

    `policy` is a record, a TOML file, or None for that of the run's plan. The bounds, preference, weights and
    tolerances, described at `edgebench.core.policy.Policy`, replace its fields; None keeps them. `earlier` are bounds
    by the names of earlier versions. Raises RunError, and PlanError for an invalid bound or an unknown target.
    """
    from edgebench.choosing import policies
    from edgebench.choosing.recommendation import recommend
    from edgebench.core.policy import Policy
    from edgebench.pipeline import run_store
    from edgebench.tasks.names import today

    changes = {
        "max_latency_s": max_latency_s, "max_size_bytes": max_size_bytes, "max_memory_bytes": max_memory_bytes,
        "min_score": min_score, "max_drop": max_drop, "prefer": prefer, "weights": weights, "tolerances": tolerances,
    }  # fmt: skip
    found = run_store.read(Path(run))
    asked = policies.of_run(found) if policy is None else policy
    asked = asked if isinstance(asked, Policy) else policies.read(Path(asked))
    given = {name: value for name, value in changes.items() if value is not None}
    answers = recommend(found, policies.changed(asked, today({**given, **earlier})), target)
    return Results(
        answers,
        f"What to ship of run {found.name}",
        {
            "target": lambda one: one.target,
            "host": lambda one: one.host,
            **{name: _of_chosen(name) for name in ("model", "exporter", "variant")},
            **{name: _of_chosen(name) for name in ("file_size_bytes", "peak_rss_bytes", "latency_p50_s")},
            "score": lambda one: one.chosen.scores.primary.value if one.chosen and one.chosen.scores else None,
            "path": lambda one: one.path,
            "why": lambda one: one.why,
        },
    )


def compare(
    run: AnyPath, other: AnyPath | None = None, base: str = "", across_machines: bool = False
) -> Results[Compared]:
    """Compare the run in a folder with another run or a baseline file, or its cells with its cell `base`.

    Raises RunError, and PlanError for unlike machines and unless exactly one of `other` and `base` is there.
    """
    from edgebench.choosing import comparison

    old = None if other is None else Path(other)
    found = comparison.compare(Path(run), old, base, across_machines)
    return _compared(found, f"{Path(run)} compared with {base or other}: ratios, new to old")


def gate(
    run: AnyPath, against: AnyPath, bounds: Bounds | None = None, across_machines: bool = False
) -> tuple[Results[Compared], Results[Finding]]:
    """Compare the run in a folder with a baseline; returns the compared cells and what keeps it from passing.

    Raises RunError, and PlanError for unlike machines.
    """
    from edgebench.choosing import gate as gates

    pairs, findings = gates.gate(Path(run), Path(against), bounds, across_machines)
    columns = {
        "cell": lambda one: one.cell.label, "kind": lambda one: one.kind, "metric": lambda one: one.metric,
        "old": lambda one: one.old, "new": lambda one: one.new, "reason": lambda one: one.reason,
    }  # fmt: skip
    title = f"{Path(run)} against {against}: " + ("does not pass" if findings else "passes")
    return _compared(pairs, f"{Path(run)} compared with {against}"), Results(findings, title, columns)


def explain(run: AnyPath, cell: str = "") -> Results[Explanation]:
    """Where the time of each cell of a run goes, or of those whose name has all words of `cell`.

    Each explanation is a table of the cell's operators, where it was profiled. Raises RunError.
    """
    from edgebench.choosing import explained
    from edgebench.reports import columns

    found = read(run)
    return Results(
        explained.explanations(found, columns.ordered(found), cell),
        f"Where the time goes in run {found.name}",
        {"cell": lambda one: one.measurement.cell.label, "explanation": lambda one: one.text},
    )


def inspect(artifact: AnyPath) -> Results[LayerFacts]:
    """The weights of each layer of an artifact: its folder or manifest, an .onnx or .pt file. Raises ArtifactError."""
    from dataclasses import fields
    from operator import attrgetter

    from edgebench.artifacts import manifests, opening
    from edgebench.artifacts.inspect import LayerFacts
    from edgebench.core import units

    made = manifests.outline(Path(artifact))
    found = opening.layers(made.path, made.format, made.layer_prefix)
    columns = {one.name: attrgetter(one.name) for one in fields(LayerFacts) if one.name != "histogram"}
    title = f"{made.name}: {units.size(made.size_bytes)}, {len(found)} layers with weights"
    return Results(found, title, columns)


def names(given: str | Sequence[str]) -> tuple[str, ...]:
    """One name or several; a str is one."""
    return (given,) if isinstance(given, str) else tuple(given)


def _of_chosen(column: str) -> Any:
    """A column of the cell that a recommendation chose; None where it chose none."""
    from edgebench.core import flat_row

    return lambda one: None if one.chosen is None else flat_row.value(one.chosen, column)


def _compared(found: list[Compared], title: str) -> Results[Compared]:
    return Results(
        found,
        title,
        {
            "cell": lambda one: one.new.cell.label,
            "old": lambda one: one.old.cell.label,
            "latency": lambda one: one.latency.ratio if one.latency else None,
            "latency_low": lambda one: one.latency.low if one.latency else None,
            "latency_high": lambda one: one.latency.high if one.latency else None,
            "label": lambda one: one.label,
            "size": lambda one: one.size,
            "memory": lambda one: one.memory,
            "score_change": lambda one: one.score_change,
        },
    )
