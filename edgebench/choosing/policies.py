"""Where a policy comes from (the run's plan, a file, options), and what it says, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from edgebench.choosing import limits, reasons
from edgebench.choosing.values import compared
from edgebench.core import toml_file, validation
from edgebench.core.errors import FieldError, PlanError, RunError
from edgebench.core.measurements import Measurement, Run
from edgebench.core.policy import Policy as Policy
from edgebench.core.policy import Tolerances as Tolerances
from edgebench.core.policy import Weights as Weights
from edgebench.core.problems import InvalidValue
from edgebench.core.serialization import to_dict


def of_run(run: Run) -> Policy:
    """The policy in a run's plan, or the default; raises RunError.

    Runs that were merged and have different policies are judged by the default.
    """
    found = [_stored(part) for part in run.parts or (run,)]
    return found[0] if all(one == found[0] for one in found) else Policy()


def _stored(run: Run) -> Policy:
    stored = run.plan.get("policy")
    return Policy() if stored is None else validation.validated(Policy, stored, f"{run.folder}/plan.json", RunError)


def read(path: Path) -> Policy:
    """The policy in a TOML file, with the fields of a plan's `[policy]`; raises PlanError."""
    return validation.validated(Policy, toml_file.table(path, "policy", PlanError), str(path), PlanError)


def changed(policy: Policy, fields: Mapping[str, Any]) -> Policy:
    """The policy with other values in some fields; a preference and weights replace each other.

    Raises FieldError for the first wrong field.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    data = to_dict(policy)
    if "prefer" in given and "weights" not in given:
        data["weights"] = {}
    if "weights" in given and "prefer" not in given:
        data["prefer"] = Policy().prefer
    given = {name: to_dict(one) if isinstance(one, Weights | Tolerances) else one for name, one in given.items()}
    try:
        return validation.build(Policy, {**data, **given})
    except InvalidValue as failure:
        raise FieldError(failure.problem) from None


def judged_by(run: Run, policy: Policy) -> Run:
    """The run with another policy in its plan, and in those of its parts."""
    parts = tuple(judged_by(part, policy) for part in run.parts)
    return replace(run, plan={**run.plan, "policy": to_dict(policy)}, parts=parts)


def text(policy: Policy, cells: Sequence[Measurement]) -> str:
    """What a policy asks of these cells, which are of one target, in a sentence or two."""
    m = next((m for m in cells if m.scores), None)
    emulated = any(m.emulated for m in cells)
    bounds = (
        [bound.text for bound in limits.bounds(policy, emulated, m.scores.primary.metric)] if m and m.scores else []
    )
    counts: dict[float, list[str]] = {}
    for metric in compared(emulated):
        name = reasons.name_of(metric, m) if m else metric
        counts.setdefault(policy.weight(metric), []).append(name)
    weighed = "; ".join(f"{_and(names)} {_times(weight)}" for weight, names in sorted(counts.items(), reverse=True))
    size, memory = policy.tolerances.size, policy.tolerances.memory
    near = (
        f"{size:.3g} of the larger" if size == memory else f"{size:.3g} (size) and {memory:.3g} (memory) of the larger"
    )
    return f"{_upper('; '.join([*bounds, f'counted: {weighed}']))}. Sizes and memory are alike within {near}."


def _and(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _times(weight: float) -> str:
    return {1.0: "once", 2.0: "twice"}.get(weight, "not at all" if not weight else f"{weight:g} times")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
