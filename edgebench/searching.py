"""The verbs that search as functions: `optimize` for the artifact to ship, `quantize` for int8 within a bound."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench import api
from edgebench.core.errors import MissingPackage
from edgebench.core.paths import AnyPath, path_or_none
from edgebench.core.settings import CALIBRATION_RECORDS, Measuring

if TYPE_CHECKING:
    from edgebench.core.progress import ProgressReporter
    from edgebench.reports.notebook import MeasuredRun
    from edgebench.search.mixed_precision import Found


def optimize(
    model: AnyPath | None = None,
    budget_s: float | None = None,
    output: AnyPath | None = None,
    resume: bool = False,
    listener: ProgressReporter | None = None,
    *,
    seed: int | None = None,
    fine_tune: bool | None = None,
    **overrides: Any,
) -> MeasuredRun:
    """Search compressions, exporters and their options for the artifact to ship; returns the run of the best ones.

    `overrides` are fields of the plan, with one of `targets`; `policy` has the bound and the preference. All trials are
    measured on validation records; the test records score the last run, which ends after about `budget_s` seconds
    (2700 by default). With `resume` an interrupted search is completed; what is given again must be the same.
    Raises EdgeBenchError.
    """
    from edgebench.optimization import request
    from edgebench.optimization.search import search

    name, folder = os.fspath(model) if model else None, path_or_none(output) or api.new_folder()
    if resume:
        asked = request.resumed(folder, name, budget_s, seed, fine_tune, overrides)
    else:
        asked = request.of(name, budget_s, seed, fine_tune, overrides)
    return api.reported(search(asked, folder, resume, listener))


def quantize(
    model: AnyPath | None = None,
    exporter: str = "onnx-int8",
    max_drop: float = 0.005,
    dataset: str = "ptbxl",
    data_dir: AnyPath | None = None,
    output: AnyPath = "quantized",
    *,
    calibration_records: int = CALIBRATION_RECORDS,
    timeout_s: float = Measuring.timeout_s,
    options: Mapping[str, str] | None = None,
    task: str = "",
    listener: ProgressReporter | None = None,
) -> Found:
    """Quantize to int8 and leave in float the fewest modules that keep the primary metric within `max_drop`.

    Writes the artifact and the reports into `output`. `model` is a shipped model or a manifest, by default the one
    that a run on the dataset takes; `options` are the dataset's own. The result is a table of the artifacts tried.
    Raises EdgeBenchError.
    """
    try:
        from edgebench.search import mixed_precision
    except ModuleNotFoundError as error:
        raise MissingPackage(error.name or "torch", "all", "quantization") from None
    from edgebench.core.serialization import to_dict
    from edgebench.pipeline import fitting_dataset
    from edgebench.reports import search

    chosen = os.fspath(model or fitting_dataset.model_for(dataset)[0])
    request = mixed_precision.Request(
        chosen, exporter, max_drop, dataset, path_or_none(data_dir), calibration_records, timeout_s,
        dict(options or {}), task,
    )  # fmt: skip
    found, ranked = mixed_precision.search(request, Path(output), listener)
    search.write(Path(output), mixed_precision.document(found), [to_dict(one) for one in ranked])
    return found
