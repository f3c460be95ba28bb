"""Trials whose measurements are made up: the same artifact always has the same numbers."""

from __future__ import annotations

import zlib
from dataclasses import replace

from flat_rows import changed
from report_rows import OK

from edgebench.core.measurements import Measurement
from edgebench.core.policy import Policy
from edgebench.optimization.request import Request
from edgebench.optimization.space import UNCHANGED, Space
from edgebench.pipeline.plan import Plan
from edgebench.pipeline.trials import Batch, Step, Trial

CHOICES = {"calibration": ("minmax", "entropy", "percentile"), "granularity": ("per-channel", "per-tensor")}
SPACE = Space({"onnx-int8": CHOICES, "onnx": {}, "other-int8": CHOICES}, ("structured-0.3", "structured-0.7"))
RECORDS = 160


def request(budget_s: float = 600, policy: Policy | None = None, **fields: object) -> Request:
    plan = Plan().replaced(targets=("host",), policy=policy or Policy(max_drop=0.01))
    return Request(plan, budget_s, **fields)  # type: ignore[arg-type]


def row(exporter: str, variant: str = UNCHANGED, epochs: int = 0, **columns: object) -> Measurement:
    """A measurement whose latency, size and drop follow from the artifact's name."""
    random = zlib.crc32(f"{exporter}{variant}{epochs}".encode())
    latency, drop = 1e-3 * (1 + random % 97 / 97), 0.02 * (random % 89 / 89)
    if variant != UNCHANGED:
        latency, drop = latency / 2, 0.3 if not epochs else drop / 2
    m = changed(
        OK, latency_p50_s=latency, latency_p50_low_s=None, latency_p50_high_s=None, artifact_sha256=f"{random:064x}",
        file_size_bytes=10**6 + random % 10**5, macro_f1=0.7 - drop, macro_f1_low=0.6, macro_f1_high=0.8,
        delta_macro_f1=-drop, delta_low=-drop - 0.01, delta_high=-drop + 0.01,
    )  # fmt: skip
    return changed(replace(m, cell=replace(m.cell, exporter=exporter, variant=variant)), **columns)


def carry(step: Step, deadline_s: float, seconds: float = 5.0, records: int = RECORDS) -> Batch:
    """Carry a step out with these numbers."""
    keys = step.candidates or [(v, e, step.epochs) for v in step.variants for e in step.exporters]
    trials = tuple(Trial(row(exporter, variant, epochs), epochs) for variant, exporter, epochs in keys)
    return Batch(step, seconds, trials, 0.7, records=records)


def batch(*rows: Measurement, stage: str = "survey", seconds: float = 10.0, **fields: object) -> Batch:
    """A batch of these measurements."""
    step = Step(stage, (UNCHANGED,), tuple(m.cell.exporter for m in rows))  # type: ignore[arg-type]
    return Batch(step, seconds, tuple(map(Trial, rows)), 0.7, records=RECORDS, **fields)  # type: ignore[arg-type]


class Clock:
    """A clock that moves by so many seconds for each trial that is carried out."""

    def __init__(self, each: float = 5.0) -> None:
        self.now, self.each = 0.0, each

    def __call__(self) -> float:
        return self.now

    def carry(self, step: Step, deadline_s: float) -> Batch:
        self.now += self.each * step.trials
        return carry(step, deadline_s)
