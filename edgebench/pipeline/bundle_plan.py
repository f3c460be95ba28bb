"""A bundle's plan: its artifacts, targets and records, and the measuring settings from the machine that packed it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgebench.core import formats, registry, target_profiles
from edgebench.core.errors import BundleError, PlanError, UnknownPlugin
from edgebench.core.problems import InvalidValue
from edgebench.measuring import environment
from edgebench.pipeline import read_plan, run_store
from edgebench.pipeline.plan import MeasurePlan, Plan
from edgebench.remote.bundles import reading
from edgebench.remote.bundles.reading import Bundle

BUNDLED = "bundle"
"""The dataset that reads a bundle's records."""


def load(
    bundle: Path, overrides: Mapping[str, Any], resume: Path | None = None, unsupported_rows: bool = False
) -> Plan:
    """Verify a bundle and return its plan with overrides of the plan's measuring fields, or with `resume` that run's.

    If no runtime is installed for any of its formats, that is one error or, with `unsupported_rows`, a row for each
    artifact later. Raises BundleError, PlanError, RunError.
    """
    opened = reading.opened(bundle)
    _require_here(bundle, opened)
    if not unsupported_rows:
        _require_a_runtime(bundle, opened)
    plan = _of(opened, bundle) if resume is None else _of_run(opened, bundle, resume)
    values = {name: value for name, value in overrides.items() if value is not None and value not in ((), {})}
    if values.get("dataset") not in (None, *registry.names("datasets")):
        raise UnknownPlugin("dataset", values["dataset"], registry.nameable("datasets"))
    if "dataset" in values and "data_dir" not in values:
        plan = plan.replaced(data_dir=None)
    return read_plan.over(plan, values)


def _of(opened: Bundle, bundle: Path) -> Plan:
    listing, home = opened.listing, opened.folder.resolve()
    try:
        return Plan(
            measure=MeasurePlan(
                artifacts=tuple((home / name).parent for name in listing.artifacts),
                targets=tuple(name if name == target_profiles.HOST else str(home / name) for name in listing.targets),
                dataset=BUNDLED if listing.records else "demo",
                data_dir=(home / listing.records).parent if listing.records else None,
                threads=listing.threads, seed=listing.seed, measuring=listing.measuring, policy=listing.policy,
            )
        )  # fmt: skip
    except InvalidValue as error:
        raise BundleError(f"{bundle}: refused: its bundle.json: {error}") from None


def _of_run(opened: Bundle, bundle: Path, folder: Path) -> Plan:
    plan = read_plan.of_run(run_store.stored_plan(folder), {})
    if set(plan.measure.artifacts) != set(_of(opened, bundle).measure.artifacts):
        raise PlanError(f"{folder}: was measured from another bundle than {bundle}; start a new run")
    return plan


def _require_here(bundle: Path, opened: Bundle) -> None:
    """Raise BundleError where a target of the bundle would make this machine connect to another one."""
    for name in opened.listing.targets:
        if name != target_profiles.HOST and target_profiles.find(str(opened.folder / name), environment.machine()).ssh:
            raise BundleError(f"{bundle}: refused: its target {name} is reached over SSH; a bundle is measured here")


def _require_a_runtime(bundle: Path, opened: Bundle) -> None:
    """Raise BundleError, with the line that installs each, where no format of the bundle can run here."""
    reasons = [formats.missing(form) for form in opened.listing.formats]
    if all(reasons):
        raise BundleError(f"{bundle}: nothing in it can run here: {'; '.join(dict.fromkeys(reasons))}")
