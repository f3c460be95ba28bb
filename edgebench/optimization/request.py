"""What is asked of a search, and its record in the folder, which a resume compares."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgebench.core import target_profiles
from edgebench.core.errors import PlanError, RunError
from edgebench.core.files import write_text
from edgebench.measuring import environment
from edgebench.pipeline import read_plan, run_files
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.trials import SEARCH

FILE = "request.json"
LEAST_BUDGET_S = 60.0
"""Less would go into the final measuring alone."""
TARGET = "host"


@dataclass(frozen=True)
class Request:
    """One model, one target, and how long the search may take."""

    plan: Plan
    """The final run's plan but for its artifacts: model, target, records, policy, and how to measure. Its exporters are
    those that the search may use."""
    budget_s: float = 2700.0
    """Seconds for everything, the final measuring included."""
    seed: int = 0
    """Of the search's own choices."""
    fine_tune: bool = True
    """Whether compressed networks may be trained."""
    baseline: str = "onnx-int8"
    """The exporter whose artifact of the unchanged network the result is compared with."""

    def __post_init__(self) -> None:
        """Raise PlanError for what cannot be searched."""
        build, measure = self.plan.build, self.plan.measure
        if not self.budget_s >= LEAST_BUDGET_S:
            raise PlanError(f"--budget {self.budget_s:g}s: must be at least {LEAST_BUDGET_S:g}s")
        if len(build.models) != 1 or len(measure.targets) != 1:
            raise PlanError("a search takes one model and one --target; start one search for each")
        if measure.artifacts or build.untrained:
            raise PlanError("a search builds its artifacts from a trained network: name one as MODEL")

    def document(self) -> dict[str, Any]:
        """The request in JSON's types."""
        return {
            "plan": self.plan.document(), "budget_s": self.budget_s, "seed": self.seed, "fine_tune": self.fine_tune,
            "baseline": self.baseline,
        }  # fmt: skip


def of(
    model: str | None, budget_s: float | None, seed: int | None, fine_tune: bool | None, overrides: Mapping[str, Any]
) -> Request:  # fmt: skip
    """A request of a model, or of the one that a run on the dataset takes; `overrides` are fields of the plan.

    Raises EdgeBenchError.
    """
    models = {"models": (model,)} if model else {}
    given = {"budget_s": budget_s, "seed": seed, "fine_tune": fine_tune}
    plan = read_plan.load(None, {"targets": (TARGET,), **models, **overrides})
    request = Request(plan, **{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    target = target_profiles.find(request.plan.measure.targets[0], environment.machine())
    if target.ssh:
        raise PlanError(
            f"--target {target.name}: a search measures on this machine; search on the device itself, or here for "
            "another target and measure the front there: edgebench bundle"
        )
    return request


def write(request: Request, folder: Path) -> None:
    """Write the request into the folder of its search."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / FILE, json.dumps(request.document(), indent=2, ensure_ascii=False) + "\n")


def stored(folder: Path) -> Request:
    """The request of an earlier search; raises RunError."""
    home = folder / SEARCH
    if not (home / FILE).is_file():
        raise RunError(f"{folder}: not the folder of a search (no {SEARCH}/{FILE}); start one: edgebench optimize -o")
    found = run_files.json_object(home, FILE)
    try:
        return Request(read_plan.of_run(found.pop("plan"), {}), **found)
    except (AttributeError, KeyError, TypeError):
        raise RunError(f"{home / FILE}: not of a search; the folder is damaged") from None


def resumed(
    folder: Path, model: str | None, budget_s: float | None, seed: int | None, fine_tune: bool | None,
    overrides: Mapping[str, Any],
) -> Request:  # fmt: skip
    """The request of an earlier search; raises RunError where a value that is given again differs, FieldError."""
    found = stored(folder)
    before = found.document()
    models = {"models": (model,)} if model else {}
    plan = read_plan.of_run(before["plan"], {**models, **overrides}).document()
    given = {"plan": plan, "budget_s": budget_s, "seed": seed, "fine_tune": fine_tune}
    changed = [name for name, value in given.items() if value is not None and value != before[name] and name != "plan"]
    changed += [name for name, value in before["plan"].items() if plan[name] != value]
    if changed:
        raise RunError(f"{folder}: the search began with another {', '.join(changed)}; start a new one: --output")
    return found
