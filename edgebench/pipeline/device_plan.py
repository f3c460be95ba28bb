"""What a device measures of a bundle: the part of a plan that needs nothing but the standard library."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from edgebench.core.errors import FieldError, PlanError
from edgebench.core.serialization import to_json, validated
from edgebench.core.settings import DATASET, MOST_THREADS, SEED, Measuring
from edgebench.core.validation import Problem

LEAST = {
    "processes": 1, "warmup": 0, "min_samples": 1, "min_seconds": 0, "timeout_s": 1, "cores": 0, "paced_s": 1e-3,
    "batches": 1, "cold_starts": 0, "cool_down_c": 0, "cool_down_limit_s": 0, "steady": 1e-3, "steady_limit_s": 0,
}  # fmt: skip
"""Fields of `measuring`, each with the least that it may be."""
CORES = "measuring.cores"
FIELDS = ("artifacts", "targets", "dataset", "data_dir", "limit", "threads", "seed", "measuring")
"""What a document has; the fields of `plan.Plan` of these names mean the same."""


@dataclass(frozen=True)
class DevicePlan:
    """Artifacts, targets, records and how to measure. Building has no place in it."""

    artifacts: tuple[Path, ...]
    targets: tuple[str, ...]
    dataset: str = DATASET
    data_dir: Path | None = None
    limit: int | None = None
    threads: int | None = None
    seed: int = SEED
    measuring: Measuring = field(default_factory=Measuring)
    # What `plan.Plan` can ask for and a bundle cannot.
    models: ClassVar[tuple[str, ...]] = ()
    variants: ClassVar[tuple[str, ...]] = ()
    exporters: ClassVar[tuple[str, ...]] = ()
    tune_thresholds: ClassVar[bool] = False
    keep_unlabelled: ClassVar[bool] = False
    skip_bad_records: ClassVar[bool] = False
    calibration_records: ClassVar[int] = 1

    def document(self) -> dict[str, Any]:
        """The plan in JSON's types, as it is kept in the run's folder."""
        found: dict[str, Any] = json.loads(to_json(self))
        return found


def from_document(saved: Mapping[str, Any]) -> DevicePlan:
    """The plan that a run's folder keeps; raises PlanError."""
    return check(validated(DevicePlan, {k: v for k, v in saved.items() if k in FIELDS}, "the run's plan", PlanError))


def check(plan: DevicePlan) -> DevicePlan:
    """The plan itself; raises PlanError where it cannot be measured."""
    for name in ("limit", "threads"):
        if (value := getattr(plan, name)) is not None and value < 1:
            raise FieldError(Problem(name, "must be at least 1", value))
    if plan.threads is not None and plan.threads > MOST_THREADS:
        raise FieldError(Problem("threads", f"must be at most {MOST_THREADS}", plan.threads))
    if problem := first_too_small(plan.measuring):
        raise FieldError(problem)
    check_cores(plan.measuring.cores)
    return plan


def first_too_small(measuring: Measuring) -> Problem | None:
    """The first field that is below what makes sense; None where there is none."""
    for name, least in LEAST.items():
        value = getattr(measuring, name)
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None and not one >= least:  # nor is not-a-number
                return Problem(f"measuring.{name}", f"must be at least {least:g}", one)
    return None


def check_cores(cores: tuple[int, ...]) -> None:
    """Raises FieldError where a process cannot be held to them."""
    if not cores:
        return
    if not hasattr(os, "sched_setaffinity"):
        raise FieldError(Problem(CORES, "this system cannot hold a process to cores", cores[0], "leave it away"))
    if strange := sorted(set(cores) - os.sched_getaffinity(0)):
        there = ", ".join(map(str, sorted(os.sched_getaffinity(0))))
        raise FieldError(Problem(CORES, f"there is no such core here; there are {there}", strange[0]))
