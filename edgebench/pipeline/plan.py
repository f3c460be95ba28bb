"""What to run, as one record: the part that builds, and the part that a device needs for measuring.

`read_plan` reads it from a TOML file and flags, which hold the fields of both parts in one table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from edgebench.core import problems, settings, validation
from edgebench.core.files import safe
from edgebench.core.policy import Policy
from edgebench.core.problems import InvalidValue, Problem, require_range
from edgebench.core.serialization import to_dict, to_json
from edgebench.core.settings import MOST_THREADS, PRESETS, QUICK, THOROUGH, FineTuning, Measuring

RANGES: dict[str, tuple[float, float | None]] = {
    "calibration_records": (1, None), "limit": (1, None), "threads": (1, MOST_THREADS),
    "min_likelihood": (0, 100),
}  # fmt: skip
"""Smallest and largest value of the plan's own numbers."""
TABLES = ("finetuning", "measuring", "policy")
"""The plan's tables, whose fields are overridden one by one."""


@dataclass(frozen=True)
class BuildPlan:
    """Which artifacts to build, and how."""

    models: tuple[str, ...] = settings.MODELS
    """Shipped models (`all`: every one), paths of manifests, or one path/to/file.py:FUNCTION."""
    weights: Path | None = None
    """Weights of path/to/file.py:FUNCTION."""
    untrained: bool = False
    """Build the architectures `models`, also `timm:NAME`, with random weights by `seed`: all is measured, no score."""
    tune_thresholds: bool = False
    """Choose thresholds of imported networks and files on the validation records."""
    variants: tuple[str, ...] = settings.VARIANTS
    """Compressions: `none`, `l1-0.4`, `structured-0.5+qat`, …"""
    exporters: tuple[str, ...] = ()
    """Exporters with their options (`onnx-int8:entropy`); empty for all."""
    calibration_records: int = settings.CALIBRATION_RECORDS
    """Training records to calibrate int8 on, at most."""
    finetuning: FineTuning = field(default_factory=FineTuning)
    """How a compressed network is fine-tuned."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for a part that cannot be built; a repeated name counts once."""
        _drop_repeated(self, "models", "variants", "exporters")
        require_range("calibration_records", self.calibration_records, *RANGES["calibration_records"])
        for name in ("models", "variants"):
            if not getattr(self, name):
                raise InvalidValue(Problem(name, "must not be empty"))
        names = [safe(model) for model in self.models]
        if len(set(names)) < len(names):
            raise InvalidValue(Problem("models", f"two have the same name ({', '.join(names)}); rename a manifest"))
        own = self.own_models
        if self.untrained:
            self._check_untrained()
        elif len(own) > 1:
            words = f"needs weights of its own, as {own[0]} does; give it another run"
            raise InvalidValue(Problem("models", words, own[1]))
        if self.weights and not own:
            words = "no model is path/to/file.py:FUNCTION; the others have weights of their own"
            raise InvalidValue(Problem("weights", words, str(self.weights)))

    def _check_untrained(self) -> None:
        """Raise InvalidValue for what only a trained network has."""
        words = "an untrained network has random ones: omit either this or untrained"
        if self.weights:
            raise InvalidValue(Problem("weights", words, str(self.weights)))
        if self.tune_thresholds:
            raise InvalidValue(Problem("tune_thresholds", "an untrained network has no decisions: omit one of the two"))
        for name in ("epochs", "qat_epochs"):
            if count := getattr(self.finetuning, name):
                raise InvalidValue(Problem(f"finetuning.{name}", "an untrained network is not fine-tuned", count))

    @property
    def own_models(self) -> list[str]:
        """The models that are networks of the user's Python file, path/to/file.py:FUNCTION."""
        return [model for model in self.models if ".py:" in model]


@dataclass(frozen=True)
class MeasurePlan:
    """What to measure, on which records, and how: the part of a plan that a device needs."""

    targets: tuple[str, ...] = settings.TARGETS
    """Profiles, or paths to TOML files."""
    artifacts: tuple[Path, ...] = ()
    """Files to measure (manifests, .onnx, .tflite, .xml, TorchScript); nothing is built: models, variants, exporters
    are ignored."""
    dataset: str = settings.DATASET
    """The records to score: `demo`, `ptbxl` or a plug-in's."""
    data_dir: Path | None = None
    """Folder of the dataset; `demo` needs none."""
    limit: int | None = None
    """Test records, at most; empty for all."""
    keep_unlabelled: bool = False
    """Keep test records without any class."""
    skip_bad_records: bool = False
    """Leave damaged records out instead of stopping."""
    min_likelihood: float = 0.0
    """Least likelihood, in percent, of a PTB-XL statement that counts; at 0 all count, as in PhysioNet's example."""
    dataset_options: Mapping[str, str] = field(default_factory=dict)
    """The dataset's own options by name."""
    task: str = ""
    """A task, or path/to/file.py:NAME of one or of a metric, instead of the dataset's own; empty for that."""
    reference: Path | None = None
    """Outputs that the task `comparison` is with, .npy (records, outputs); empty for the fp32 network's."""
    threads: int | None = None
    """Threads of every cell instead of the target's."""
    seed: int = settings.SEED
    """Seed of the order of timed cells, and of random choices in a compression."""
    measuring: Measuring = field(default_factory=Measuring)
    """How latency is measured."""
    policy: Policy = field(default_factory=Policy)
    """How one artifact is chosen; it changes no measurement."""

    def __post_init__(self) -> None:
        """Raise InvalidValue for a part that cannot be measured; a repeated name counts once."""
        _drop_repeated(self, "targets", "artifacts")
        for name in ("limit", "threads", "min_likelihood"):
            require_range(name, getattr(self, name), *RANGES[name])
        if not self.targets:
            raise InvalidValue(Problem("targets", "must not be empty"))

    @property
    def options(self) -> dict[str, str]:
        """The dataset's own options, with the likelihood where it has a field of its own."""
        likelihood = {"min_likelihood": str(self.min_likelihood)} if self.min_likelihood else {}
        return {**likelihood, **self.dataset_options}


@dataclass(frozen=True)
class Plan:
    """A grid of cells, the records to score them on, and how to measure."""

    build: BuildPlan = field(default_factory=BuildPlan)
    """Ignored where `measure.artifacts` names artifacts."""
    measure: MeasurePlan = field(default_factory=MeasurePlan)

    def __post_init__(self) -> None:
        """Raise InvalidValue where the user's network has no weights."""
        build = self.build
        if build.own_models and not build.weights and not build.untrained and not self.measure.artifacts:
            words = "needs its weights: --weights FILE, or random ones: --untrained"
            raise InvalidValue(Problem("models", words, build.own_models[0]))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Plan:
        """The plan of fields of both parts side by side, as in a file; raises InvalidValue for the first wrong one."""
        for name in values:
            if name not in FIELDS:
                raise InvalidValue(problems.unknown("", str(name), FIELDS))
        parts = [{k: v for k, v in values.items() if FIELDS[k] is kind} for kind in (BuildPlan, MeasurePlan)]
        return cls(validation.build(BuildPlan, parts[0]), validation.build(MeasurePlan, parts[1]))

    def document(self) -> dict[str, Any]:
        """The fields of both parts side by side, in JSON's types, as stored in the run's folder."""
        found: dict[str, Any] = {**json.loads(to_json(self.build)), **json.loads(to_json(self.measure))}
        return {name: found[name] for name in FIELDS}

    def replaced(self, **changes: Any) -> Plan:
        """The plan with some fields of either part changed; raises InvalidValue."""
        build = {k: v for k, v in changes.items() if FIELDS[k] is BuildPlan}
        return Plan(
            replace(self.build, **build), replace(self.measure, **{k: changes[k] for k in changes.keys() - build})
        )

    def overridden(self, values: Mapping[str, Any]) -> Plan:
        """The plan with the values that are not None over its fields; those of tables go over the table's fields."""
        return Plan.of(merged({**to_dict(self.build), **to_dict(self.measure)}, values))


FIELDS: dict[str, type] = {f.name: kind for kind in (BuildPlan, MeasurePlan) for f in fields(kind)}
"""Each field of a plan with the part that it is in."""


def merged(data: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The data with the values that are not None; tables are overridden field by field.

    A preset of either sets what that one omits; one of the values takes the place of the data's. Raises InvalidValue
    where the values contradict each other.
    """
    given = _with_preset(values)
    changes = {k: v for k, v in given.items() if v is not None and v not in ((), {})}
    data = _filled(data, "" if _preset(changes) else _preset(data))
    for table in TABLES:
        if isinstance(inner := changes.get(table), Mapping) and isinstance(data.get(table, {}), Mapping):
            changes[table] = {**data.get(table, {}), **inner}
    return {**data, **changes}


def _with_preset(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the fields of the preset that `quick` or `thorough`, true, stands for."""
    measuring = values.get("measuring") or {}
    if isinstance(measuring, Measuring) and (values.get(QUICK) or values.get(THOROUGH)):
        usual = to_dict(Measuring())
        measuring = {name: one for name, one in to_dict(measuring).items() if one != usual[name]}
    if not isinstance(measuring, Mapping):
        return {k: v for k, v in values.items() if k not in (QUICK, THOROUGH)}  # a whole record, or refused later
    flags = [name for name in (QUICK, THOROUGH) if values.get(name) or measuring.get(name)]
    if len(flags) > 1:
        raise InvalidValue(Problem(f"measuring.{THOROUGH}", f"and {QUICK}: name one of the two"))
    least, most = measuring.get("min_seconds"), measuring.get("max_seconds")
    if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
        raise InvalidValue(Problem("measuring.max_seconds", f"must be at least min_seconds, {least:g}", most))
    own = {name: one for name, one in measuring.items() if name not in (QUICK, THOROUGH)}
    if flags:
        own["preset"] = flags[0]
    given = {k: v for k, v in values.items() if k not in (QUICK, THOROUGH, "measuring") and v is not None}
    return _filled({**given, "measuring": own} if own else given, _preset({"measuring": own}))


def _preset(data: Mapping[str, Any]) -> str:
    measuring = data.get("measuring")
    found = measuring.get("preset") if isinstance(measuring, Mapping) else ""
    return found if isinstance(found, str) else ""


def _filled(data: Mapping[str, Any], preset: str) -> dict[str, Any]:
    """The data with the fields of a preset that it lacks; an unknown one is refused later."""
    fields_of = PRESETS.get(preset, {})
    filled = {**fields_of, **data}
    return filled | {"measuring": {**fields_of["measuring"], **data["measuring"]}} if fields_of else filled


def _drop_repeated(record: Any, *names: str) -> None:
    for name in names:
        object.__setattr__(record, name, tuple(dict.fromkeys(getattr(record, name))))
