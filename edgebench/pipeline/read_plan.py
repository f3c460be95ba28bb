"""A plan from a TOML file, flags, or both; every name in it is checked before anything starts."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from edgebench.core import options, registry, target_profiles
from edgebench.core.errors import FieldError, ModelError, PlanError
from edgebench.core.options import CHAIN
from edgebench.core.problems import InvalidValue, Problem
from edgebench.core.recipe import Recipe, changed
from edgebench.core.settings import FineTuning
from edgebench.core.toml_file import table
from edgebench.measuring import environment
from edgebench.pipeline import fitting_dataset
from edgebench.pipeline.plan import TABLES, Plan, merged
from edgebench.tasks import names

ALL_MODELS = "all"
"""Stands for every shipped model with the dataset's task and classes."""
CORES = "measuring.cores"


def load(path: Path | None, overrides: Mapping[str, Any]) -> Plan:
    """Read a plan, apply the overrides that are not None, and check every name in it.

    Raises PlanError or UnknownPlugin, with one line; FieldError where one of the overrides is wrong.
    """
    data = {} if path is None else _file(path)
    with _naming(str(path), overrides):
        values = merged(data, overrides)
        plan = Plan.of(values)
        if "dataset" not in values:
            plan = plan.replaced(dataset=fitting_dataset.demo_for(plan))
        elif "models" not in values and not plan.measure.artifacts and not plan.build.untrained:
            plan = plan.replaced(models=fitting_dataset.model_for(plan.measure.dataset))
        return check(plan)


def of_run(stored: Mapping[str, Any], overrides: Mapping[str, Any]) -> Plan:
    """The plan of an earlier run, as `Plan.document` gave it, with overrides; raises PlanError."""
    with _naming("the run's plan", overrides):
        return Plan.of(merged(stored, overrides))


def over(plan: Plan, overrides: Mapping[str, Any]) -> Plan:
    """A plan with overrides, checked; raises PlanError, UnknownPlugin, or FieldError for an override."""
    with _naming("the plan", overrides):
        return check(plan.overridden(overrides))


def check(plan: Plan) -> Plan:
    """Resolve the defaults and check the plan before the first export; raises PlanError, UnknownPlugin."""
    machine = environment.machine()
    _check_cores(plan.measure.measuring.cores)
    names = [target_profiles.find(name, machine).name for name in plan.measure.targets]
    if len(set(names)) < len(names):
        raise PlanError(f"targets: two profiles have one name ({', '.join(names)}); rename one")
    registry.require_dataset(plan.measure.dataset)
    registry.require_task(plan.measure.task)
    return plan if plan.measure.artifacts else _check_build(plan)


def _check_build(plan: Plan) -> Plan:
    build = plan.build
    if ALL_MODELS in build.models:
        others = (m for m in build.models if m != ALL_MODELS)
        known = registry.names("models") if build.untrained else fitting_dataset.shipped_for(plan.measure.dataset)
        plan = plan.replaced(models=(*known, *others))
    for spec in build.exporters:
        options.of_exporter(spec, registry.choices(registry.exporter(spec)))
    _check_tuning(build.finetuning)
    for chain in build.variants:
        _check_chain(chain, build.finetuning)
    return plan.replaced(exporters=build.exporters or tuple(filter(_by_default, registry.names("exporters"))))


def _by_default(exporter: str) -> bool:
    """Whether a run uses an exporter that is not named: not without the packages of its extra, nor where it is slow."""
    try:
        found = registry.exporter(exporter)
    except Exception:  # it becomes rows with the reason
        return True
    needs = getattr(found, "needs", ())
    return not getattr(found, "only_named", False) and all(importlib.util.find_spec(name) for name in needs)


def _file(path: Path) -> dict[str, Any]:
    """The table of a plan's file; raises PlanError."""
    if (path / "plan.json").is_file():
        raise PlanError(f"{path}: a folder; a plan is a TOML file; go on with that run: edgebench run --resume {path}")
    return table(path, "plan", PlanError)


@contextmanager
def _naming(file: str, overrides: Mapping[str, Any]) -> Iterator[None]:
    """Turn a wrong field into a PlanError that names the file, or a FieldError where an override is wrong."""
    try:
        yield
    except (InvalidValue, FieldError) as error:
        problem = error.problem
    else:
        return
    part, _, name = problem.place.partition(".")
    value = overrides.get(part)
    in_table = part in TABLES and isinstance(value, Mapping)
    if value is not None and (not in_table or name.partition(".")[0] in value):
        raise FieldError(problem)
    raise PlanError(f"{file}: {problem}")


def _check_cores(cores: tuple[int, ...]) -> None:
    """Raise FieldError where a process cannot be pinned to these cores."""
    if not cores:
        return
    if not hasattr(os, "sched_setaffinity"):
        raise FieldError(Problem(CORES, "this system cannot pin a process to cores", cores[0], "omit it"))
    if strange := sorted(set(cores) - os.sched_getaffinity(0)):
        there = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
        raise FieldError(Problem(CORES, f"there is no such core here; there are {there}", strange[0]))


def _check_tuning(tuning: FineTuning) -> None:
    """Raise PlanError where the values are invalid for a training."""
    if own := {"epochs", "start"} & set(tuning.recipe):
        raise PlanError(f"finetuning: {own.pop()} is not a field to set; --finetune-epochs says how long")
    try:
        changed(Recipe(epochs=1, batch_size=1, learning_rate=1), names.recipe(tuning.recipe))
    except ModelError as error:
        raise PlanError(f"finetuning: {error}") from None


def _check_chain(chain: str, tuning: FineTuning) -> None:
    """Raise PlanError where the compressions cannot be combined."""
    parts = chain.split(CHAIN)
    for spec in parts:
        registry.variant(spec).check(spec)
    names = [registry.variant(spec).name for spec in parts]
    if "qat" in names[:-1]:
        raise PlanError(f"variant '{chain}': qat comes last; what changes the network's shape stands before it")
    if "none" in names and len(names) > 1:
        raise PlanError(f"variant '{chain}': none stands alone")
    if "qat" in names and not (tuning.epochs or tuning.qat_epochs):
        raise PlanError(f"variant '{chain}': training with quantization needs epochs: --qat-epochs 2")
