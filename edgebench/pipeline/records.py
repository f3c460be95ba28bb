"""The records of a plan, and the hash that shows whether they changed."""

from __future__ import annotations

from dataclasses import replace

from edgebench.core import registry, user_code
from edgebench.core.contracts import Split
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import EdgeBenchError
from edgebench.core.expected import Expected
from edgebench.core.files import sha256_of
from edgebench.core.progress import ProgressReporter
from edgebench.core.tasks import base_of
from edgebench.pipeline.plan import Plan
from edgebench.tasks.chosen import recorded, with_task


def request(plan: Plan, split: Split) -> DataRequest:
    """The plan's request to the dataset."""
    measure = plan.measure
    return DataRequest(
        split, measure.data_dir,
        limit={"calibration": plan.build.calibration_records, "test": measure.limit}.get(split),
        keep_unlabelled=measure.keep_unlabelled and split == "test", skip_bad_records=measure.skip_bad_records,
        options=measure.options,
    )  # fmt: skip


def load(plan: Plan, split: Split, reporter: ProgressReporter, limit: int | None = None) -> RecordSet:
    """The records of one split, at most `limit`; bad records that were left out are reported. Raises DataError."""
    user_code.trust_named(plan.measure.dataset)
    asked = request(plan, split)
    asked = replace(asked, limit=asked.limit if limit is None else limit)
    records = registry.dataset(plan.measure.dataset).load(asked, reporter.progress)
    if records.dropped:
        first = records.dropped[0]
        reporter.note(f"{len(records.dropped)} bad records left out of the {split} split; the first: {first}")
    return with_task(records, plan.measure.task)


def load_calibration(plan: Plan, reporter: ProgressReporter) -> RecordSet | None:
    """The records that int8 is calibrated on; None where the plan has no exporter that calibrates."""
    if plan.measure.artifacts or not any(registry.exporter(name).calibrates for name in plan.build.exporters):
        return None
    return load(plan, "calibration", reporter)


def load_validation(plan: Plan, reporter: ProgressReporter) -> RecordSet | None:
    """The records that thresholds are chosen on; None where the plan does not ask for that."""
    return load(plan, "validation", reporter) if plan.build.tune_thresholds else None


def wanted(records: RecordSet) -> Expected:
    """What a user's network or file has to take and answer for these records, with its task as manifests have it.

    Records without labels may be of no task.
    """
    try:
        task = base_of(records.task) if records.targets is None else recorded(records.task)
    except EdgeBenchError:
        task = base_of(records.task)  # a device without the task's file measures nevertheless
    return replace(Expected.of(records), task=task)


def identity(records: RecordSet) -> str:
    """Hash of the samples, the labels and the numbers of the records."""
    return sha256_of(*records.content)
