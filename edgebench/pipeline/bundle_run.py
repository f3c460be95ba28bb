"""Measures a bundle on the device that it was carried to: NumPy, psutil and the runtimes of its formats are enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from edgebench.core import registry, target_profiles
from edgebench.core.errors import BundleError, PlanError, UnknownPlugin
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.core.settings import Measuring
from edgebench.core.validation import validated
from edgebench.measuring import environment
from edgebench.pipeline import device_plan, harness, run_store
from edgebench.pipeline.device_plan import DevicePlan
from edgebench.remote.bundles import reading
from edgebench.remote.bundles.reading import Bundle
from edgebench.runtimes import installing

BUNDLED = "bundle"
"""The dataset that reads a bundle's records."""


def measure(
    bundle: Path, folder: Path, resume: bool = False, listener: ProgressReporter | None = None, rows: bool = False,
    **overrides: Any,
) -> Run:  # fmt: skip
    """Verify a bundle and measure it into `folder`, as `harness.run` does; returns the run.

    `overrides` are fields of the plan: targets, dataset, data_dir, limit, threads, seed, measuring. With `resume`, the
    run in `folder` is completed. Where no runtime is there for any of its formats this is one error, or with `rows` a
    row for each artifact. Raises BundleError, PlanError, DataError, RunError, DiskFull.
    """
    opened = reading.opened(bundle)
    if not rows:
        _require_a_runtime(bundle, opened)
    plan = _resumed(opened, bundle, folder, overrides) if resume else planned(opened, overrides)
    return harness.run(plan, folder, resume, listener)


def planned(opened: Bundle, overrides: Mapping[str, Any]) -> DevicePlan:
    """The plan that a bundle holds, with overrides; raises PlanError."""
    listing, home = opened.listing, opened.folder.resolve()
    plan = DevicePlan(
        artifacts=tuple((home / name).parent for name in listing.artifacts),
        targets=tuple(name if name == target_profiles.HOST else str(home / name) for name in listing.targets),
        dataset=BUNDLED if listing.records else "demo",
        data_dir=(home / listing.records).parent if listing.records else None,
        threads=listing.threads, seed=listing.seed, measuring=listing.measuring,
    )  # fmt: skip
    return _over(plan, overrides)


def _resumed(opened: Bundle, bundle: Path, folder: Path, overrides: Mapping[str, Any]) -> DevicePlan:
    plan = device_plan.from_document(run_store.saved_plan(folder))
    if set(plan.artifacts) != set(planned(opened, {}).artifacts):
        raise PlanError(f"{folder}: was measured from another bundle than {bundle}; start a new run")
    return _over(plan, overrides)


def _over(plan: DevicePlan, overrides: Mapping[str, Any]) -> DevicePlan:
    given = {k: v for k, v in overrides.items() if v is not None and v not in ((), {})}
    if "dataset" in given and "data_dir" not in given:
        given["data_dir"] = None
    changes = {**asdict(plan.measuring), **given.pop("measuring", {})}
    measuring = validated(Measuring, changes, "measuring", PlanError)
    try:
        plan = device_plan.check(replace(plan, measuring=measuring, **given))
    except TypeError as error:
        raise PlanError(f"a bundle's plan has no such field: {error}") from None
    if plan.dataset not in registry.names("datasets"):
        raise UnknownPlugin("dataset", plan.dataset, registry.nameable("datasets"))
    machine = environment.machine()
    names = [target_profiles.find(name, machine).name for name in plan.targets]
    if len(set(names)) < len(names):
        raise PlanError(f"targets: two profiles have one name ({', '.join(names)}); name one of them")
    return plan


def _require_a_runtime(bundle: Path, opened: Bundle) -> None:
    """Raise BundleError, with the line that installs each, where no format of the bundle can run here."""
    reasons = [installing.missing(form) for form in opened.listing.formats]
    if all(reasons):
        raise BundleError(f"{bundle}: nothing in it can run here: {'; '.join(dict.fromkeys(reasons))}")
