"""Accuracy-aware quantization: the fewest modules left in float that keep the primary metric within a bound."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgebench.artifacts import manifests, opening
from edgebench.artifacts.build import Build, build
from edgebench.core import class_order, options, registry, spreadsheets, user_code
from edgebench.core.contracts import REFERENCE, Artifact, Outcome, Split
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.errors import ModelError, PlanError, Unsupported
from edgebench.core.files import replacing_folder, safe_name, write_text
from edgebench.core.progress import ProgressReporter
from edgebench.core.results import Score, Scores
from edgebench.core.scratch import scratch_folder
from edgebench.core.serialization import to_json
from edgebench.core.tabular import Tabular
from edgebench.data.stored import Values
from edgebench.isolation.jobs import predict
from edgebench.measuring.accuracy import Reference, score
from edgebench.models import store
from edgebench.models.external import own
from edgebench.quantization.engines import any_engine
from edgebench.quantization.sensitivity import Sensitivity, sensitivities
from edgebench.tasks.chosen import for_networks, with_task
from edgebench.tasks.scoring import compares, scoring
from edgebench.tasks.trial import require_scores


@dataclass(frozen=True)
class Request:
    """What is to be quantized, and how well."""

    model: str
    exporter: str
    max_drop: float
    """How much worse the primary metric may be on the validation records, in its unit."""
    dataset: str
    directory: Path | None = None
    calibration_records: int = 256
    timeout_s: float = 600.0
    options: Mapping[str, str] = field(default_factory=dict)
    """The dataset's own, such as min_likelihood."""
    task: str = ""
    """A task, or path/to/file.py:NAME of one or of a metric, instead of the dataset's own."""


@dataclass(frozen=True)
class Trial:
    """One artifact that was tried: how many of the most sensitive modules stayed in float, and what it lost."""

    in_float: int
    score: float
    """The primary metric on the validation records."""
    drop: float
    file_size_bytes: int


@dataclass(frozen=True, repr=False)
class Found(Tabular):
    """The result, as a table of the trials; the test records, scored in `test`, had no say in the search."""

    request: Request
    modules: tuple[str, ...]
    within: bool
    """Whether the bound is met on the validation records."""
    trials: tuple[Trial, ...]
    validation: Score
    """Of the float model, on the validation records."""
    test: Mapping[str, Scores]
    """`float`, `int8` (nothing left in float beside what the exporter leaves) and `found`."""
    manifest: str

    def title(self) -> str:
        """Whether the bound is met."""
        metric = self.validation.metric
        met = "meets" if self.within else "does not meet"
        bound = f"a drop of {metric.label} by at most {self.request.max_drop:g}"
        return f"{self.manifest}: with {len(self.modules)} modules in float it {met} {bound}"

    def records(self) -> list[dict[str, Any]]:
        """The artifacts tried."""
        return [asdict(trial) for trial in self.trials]


def search(request: Request, output: Path, listener: ProgressReporter | None = None) -> tuple[Found, list[Sensitivity]]:
    """Find the artifact, and write it with its manifest, the trials and the sensitivities into `output`.

    The modules are sorted by how much each alone changes decisions on the calibration records; the shortest beginning
    of that list that meets the bound on the validation records is found by bisection, which takes the loss to shrink as
    the list grows. Raises PlanError, ModelError, DataError, Unsupported.
    """
    reporter = listener or ProgressReporter()
    if math.isnan(request.max_drop):
        raise PlanError("the bound on the loss is not a number, such as 0.005")
    model = store.find(request.model)
    exporter = registry.exporter(request.exporter)
    if not exporter.calibrates:
        static = [name for name in registry.names("exporters") if registry.exporter(name).calibrates]
        raise PlanError(f"exporter '{request.exporter}' is not static int8; these are: {', '.join(static)}")
    chosen = options.of_exporter(request.exporter, registry.choices(exporter))
    if model.manifest.quantization:
        raise PlanError(f"{request.model}: was trained with its int8 quantization; name the model as it was before")
    if model.manifest.further:
        raise PlanError(f"{request.model}: takes {', '.join(model.manifest.further)}, too; the search takes one input")
    opening.network(request.model)
    splits: tuple[Split, ...] = ("calibration", "validation", "test")
    loaded = (_records(request, split, reporter) for split in splits)
    calibration, validation, test = (
        for_networks(class_order.labelled_for(r, model.manifest.classes), {model.manifest.task}) for r in loaded
    )
    require_scores(validation, test)
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlanError(f"{output}: cannot be written ({error.strerror}); give another --output") from None
    signals = Values(calibration.input)[:]
    metric = scoring(validation).metrics[0]
    if metric.largest_drop is not None and request.max_drop > metric.largest_drop:
        raise PlanError(
            f"--max-drop {request.max_drop:g}: {metric.label} can get worse by {metric.largest_drop:g} at most"
        )
    reporter.stage("calibrate", 1)

    def looked(done: int, total: int) -> None:
        if done == 1:
            reporter.step()
            reporter.stage("look at each module", total)
        reporter.step()

    task, state = registry.task(model.manifest.task), model.manifest.thresholds
    network = store.network(model)
    ranked = sensitivities(
        network, exporter.engine or any_engine(), signals,
        lambda outputs, others: task.agree(outputs, others, state, state), chosen if exporter.engine else {}, looked,
    )  # fmt: skip
    paths, prefix = [s.module for s in ranked], own.prefix(model.manifest.architecture)
    ranked = [replace(s, module=s.module.removeprefix(prefix)) for s in ranked]
    write_text(output / "sensitivity.csv", table(ranked))
    with scratch_folder() as scratch:
        tries = _Tries(request, paths, calibration, validation, scratch, reporter)
        fewest = tries.fewest()
        home = output / safe_name(request.exporter)
        with replacing_folder(home) as part:
            shutil.copytree(tries.built(fewest)[1].parent, part, ignore=shutil.ignore_patterns("*.npy"))
        artifact = manifests.read(home).artifact
        dense = tries.logits(REFERENCE, 0, test)
        on = scoring(test)
        reference = Reference(on, dense, artifact.thresholds)
        answers = {"float": dense, "int8": tries.logits("", 0, test), "found": tries.logits("", fewest, test)}
        scores = {name: score(on, logits, reference, artifact) for name, logits in answers.items()}
        trials = tuple(tries.done[k] for k in sorted(tries.done))
    left = tuple(s.module for s in ranked[:fewest])
    within = tries.done[fewest].drop <= request.max_drop
    found = Found(request, left, within, trials, tries.validation_score, scores, str(home / manifests.MANIFEST))
    write_text(output / "search.json", json.dumps(document(found), indent=2, ensure_ascii=False) + "\n")
    return found, ranked


def document(found: Found) -> dict[str, Any]:
    """The result as search.json holds it."""
    plain: dict[str, Any] = json.loads(to_json(found))
    return plain


def table(ranked: Sequence[Sensitivity]) -> str:
    """The sensitivities as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["module", "agreement", "error", "parameters"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(s) | {"module": spreadsheets.cell(s.module)} for s in ranked)
    return text.getvalue()


class _Tries:
    """Artifacts with more and more modules in float, each built and scored once."""

    def __init__(
        self, request: Request, ranked: Sequence[str], calibration: RecordSet, validation: RecordSet,
        scratch: Path, reporter: ProgressReporter,
    ) -> None:  # fmt: skip
        self.request, self.ranked, self.reporter, self.scratch = request, ranked, reporter, scratch
        self.calibration, self.validation = calibration, validation
        self.done: dict[int, Trial] = {}
        self._logits: dict[tuple[str, int, str], NDArray[np.float32]] = {}
        self.validation_score = self._score(REFERENCE, 0)

    def fewest(self) -> int:
        """How many modules have to stay in float; all but one where fewer are not enough."""
        low, high = 0, len(self.ranked) - 1
        most = high.bit_length() + 2
        self.reporter.stage("try artifacts", most)
        if self.drop(0) <= self.request.max_drop:
            high = 0
        while low + 1 < high:  # `low` is too few
            middle = (low + high) // 2
            low, high = (low, middle) if self.drop(middle) <= self.request.max_drop else (middle, high)
        self.drop(high)
        for _ in range(most - len(self.done)):  # fewer were needed
            self.reporter.step()
        return high

    def drop(self, in_float: int) -> float:
        """How much worse the primary metric is on the validation records with that many modules in float."""
        if in_float not in self.done:
            self.reporter.begin(label := f"build and score with {in_float} modules in float")
            metric, base = self.validation_score.metric, self.validation_score.value
            found = self._score("", in_float).value
            size = self.built(in_float)[0].file_size_bytes
            self.done[in_float] = Trial(in_float, found, metric.drop(found, found - base), size)
            change = metric.change(found - base)
            self.reporter.result(f"{in_float} modules in float: {metric.label} {metric.fine(found)} ({change})")
            self.reporter.step(label)
        return self.done[in_float].drop

    def built(self, in_float: int, exporter: str = "") -> tuple[Artifact, Path]:
        """An artifact and its file; it is built where it is not there yet."""
        name = exporter or self.request.exporter
        home = self.scratch / str(in_float)
        manifest = home / safe_name(name) / manifests.MANIFEST
        outcomes: dict[str, Outcome[Artifact]] = {}
        if not manifest.exists():
            both = (REFERENCE, self.request.exporter)  # one process builds the two that every search needs
            names = (name,) if in_float else tuple(n for n in both if n == name or not (home / safe_name(n)).exists())
            why = f"among the {in_float} modules that int8 hurts most"
            asked = Build(
                self.request.model, "none", names, home, self.calibration, self.calibration, self.request.timeout_s,
                dict.fromkeys(self.ranked[:in_float], why),
            )  # fmt: skip
            build(asked, outcomes.__setitem__)
            if outcomes[name].status != "ok":
                raise Unsupported(f"{self.request.model} {name}, {in_float} modules in float: {outcomes[name].reason}")
        made = manifests.read(manifest)
        return made.artifact, made.path

    def logits(self, exporter: str, in_float: int, records: RecordSet) -> NDArray[np.float32]:
        """An artifact's logits on records, from a process of its own."""
        key = (exporter, in_float, records.split)
        if key not in self._logits:
            artifact, path = self.built(in_float, exporter=exporter)
            outcome = predict(artifact, path, records, self.request.timeout_s, artifact.engine)
            if outcome.status != "ok":
                raise ModelError(f"{artifact.model} {artifact.exporter}: {outcome.reason}")
            self._logits[key] = outcome.value
        return self._logits[key]

    def _score(self, exporter: str, in_float: int) -> Score:
        artifact, _ = self.built(in_float, exporter=exporter)
        logits = self.logits(exporter, in_float, self.validation)
        on = scoring(self.validation)
        reference = None
        if compares(on.task):  # then the loss is the distance to the float network
            reference = Reference(on, self.logits(REFERENCE, 0, self.validation), artifact.thresholds)
        return score(on, logits, reference, artifact).primary


def _records(request: Request, split: Split, reporter: ProgressReporter) -> RecordSet:
    user_code.trust_named(request.dataset)
    limit = request.calibration_records if split == "calibration" else None
    asked = DataRequest(split, request.directory, limit=limit, options=request.options)
    registry.require_records(request.dataset, asked)
    return with_task(registry.dataset(request.dataset).load(asked, reporter.progress), request.task)
