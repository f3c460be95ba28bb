"""What to run: a TOML file, flags, or both; checked before anything starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pydantic

from edgebench import options, profiles, registry
from edgebench.device_plan import check_cores, first_too_small
from edgebench.errors import ModelError, PlanError
from edgebench.models import store
from edgebench.options import CHAIN
from edgebench.recipe import Recipe, changed
from edgebench.records import first_problem
from edgebench.settings import FineTuning, Measuring

ALL_MODELS = "all"
"""Stands for every model whose weights are in the package."""
PARTS = ("finetuning", "measuring")
"""The plan's tables, whose fields are overridden one by one."""


class Plan(pydantic.BaseModel):
    """A grid of cells, the records to score them on, and how to measure."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    models: tuple[str, ...] = pydantic.Field(
        ("resnet1d",),
        description="shipped models (`all`: every one), paths of manifests, or one path/to/file.py:FUNCTION",
    )
    weights: Path | None = pydantic.Field(None, description="weights of the model that is path/to/file.py:FUNCTION")
    tune_thresholds: bool = pydantic.Field(
        False, description="choose the thresholds of what was made elsewhere on the validation records"
    )
    variants: tuple[str, ...] = pydantic.Field(
        ("none",), description="compressions, such as `none`, `l1-0.4`, `structured-0.5`, `structured-0.5+qat`"
    )
    exporters: tuple[str, ...] = pydantic.Field(
        (), description="exporters, with their options (`onnx-int8:entropy`); empty for all of them"
    )
    targets: tuple[str, ...] = pydantic.Field(
        ("host", "arm-qnnpack"), description="names of profiles, or paths to TOML files"
    )
    artifacts: tuple[Path, ...] = pydantic.Field(
        (),
        description="measure these instead of building: manifests, .onnx or TorchScript files; models, variants and "
        "exporters have no say then",
    )
    dataset: str = pydantic.Field("demo", description="the records that macro-F1 is computed on: `demo` or `ptbxl`")
    data_dir: Path | None = pydantic.Field(None, description="folder of the dataset; `demo` needs none")
    limit: int | None = pydantic.Field(None, ge=1, description="at most this many test records; without it, all")
    keep_unlabelled: bool = pydantic.Field(False, description="keep test records without any class")
    skip_bad_records: bool = pydantic.Field(False, description="leave damaged records out instead of stopping")
    calibration_records: int = pydantic.Field(
        256, ge=1, description="training records that int8 is calibrated on, at most"
    )
    threads: int | None = pydantic.Field(None, ge=1, description="threads of every cell, instead of the target's")
    seed: int = pydantic.Field(0, description="decides the order of the timed cells, and chance in a compression")
    finetuning: FineTuning = pydantic.Field(
        default_factory=FineTuning, description="how a compressed network is trained on"
    )
    measuring: Measuring = pydantic.Field(default_factory=Measuring, description="how latency is measured")

    @pydantic.field_validator("models", "variants", "exporters", "targets", "artifacts")
    @classmethod
    def _once(cls, values: tuple[Any, ...]) -> tuple[Any, ...]:
        """What is named twice is meant once."""
        return tuple(dict.fromkeys(values))

    @pydantic.model_validator(mode="after")
    def _measuring_makes_sense(self) -> Plan:
        if problem := first_too_small(self.measuring):
            raise ValueError(problem)
        names = [Path(m).stem if m.endswith(".json") else m for m in self.models]
        if len(set(names)) < len(names):
            raise ValueError(f"models: two are named alike ({', '.join(names)}); rename a manifest")
        own = [m for m in self.models if is_own(m)]
        if len(own) > 1:
            raise ValueError(f"models: {own[0]} and {own[1]} need weights each; give them runs of their own")
        if own and not self.weights and not self.artifacts:
            raise ValueError(f"models: {own[0]} needs its weights: --weights FILE")
        if self.weights and not own:
            raise ValueError("weights: no model is path/to/file.py:FUNCTION; the others have weights of their own")
        for name in ("models", "variants", "targets"):
            if not getattr(self, name):
                raise ValueError(f"{name} is empty")
        return self

    def source(self) -> dict[str, Any]:
        """Where a compression takes its records from, in JSON's types."""
        return {
            "dataset": self.dataset, "directory": str(self.data_dir or ""), "calibration": self.calibration_records,
            "skip_bad": self.skip_bad_records, "seed": self.seed,
        }  # fmt: skip

    def document(self) -> dict[str, Any]:
        """The plan in JSON's types, as it is kept in the run's folder."""
        return self.model_dump(mode="json")


def is_own(model: str) -> bool:
    """Whether a model is a network from a Python file, path/to/file.py:FUNCTION."""
    return ".py:" in model


def load(path: Path | None, overrides: dict[str, Any]) -> Plan:
    """Read a plan, put the overrides that are not None over it, and check every name in it.

    Raises PlanError or UnknownPlugin, with one line.
    """
    data: dict[str, Any] = {}
    if path is not None:
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise PlanError(f"{path}: cannot read the plan ({error.strerror})") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PlanError(f"{path}: not valid TOML: {error}") from None
    given = {k: v for k, v in overrides.items() if v is not None and v != ()}
    for part in PARTS:
        changes = given.pop(part, {})
        if changes and isinstance(data.get(part, {}), dict):
            given[part] = {**data.get(part, {}), **changes}
    try:
        plan = Plan(**{**data, **given})
    except pydantic.ValidationError as error:
        raise PlanError(f"{path or 'the flags'}: {first_problem(error)}") from None
    return check(plan)


def over_saved(saved: dict[str, Any], overrides: dict[str, Any]) -> Plan:
    """The plan of an earlier run, as `document` gave it, with overrides; raises PlanError."""
    given = {k: v for k, v in overrides.items() if v is not None and v != ()}
    parts = {part: {**saved.get(part, {}), **given.pop(part, {})} for part in PARTS}
    try:
        return Plan(**{**saved, **given, **parts})
    except pydantic.ValidationError as error:
        raise PlanError(f"the run's plan: {first_problem(error)}") from None


def replaced(plan: Plan, **changes: Any) -> Plan:
    """The plan with some fields changed, and validated again; raises PlanError."""
    try:
        return Plan(**{**plan.model_dump(), **changes})
    except pydantic.ValidationError as error:
        raise PlanError(first_problem(error)) from None


def check(plan: Plan) -> Plan:
    """Resolve the defaults, and fail now rather than after the first export."""
    from edgebench.measuring import environment

    machine = environment.machine()
    check_cores(plan.measuring.cores)
    found = [profiles.find(name, machine).name for name in plan.targets]
    if len(set(found)) < len(found):
        raise PlanError(f"targets: two profiles have one name ({', '.join(found)}); rename one")
    _known("datasets", (plan.dataset,))
    if plan.artifacts:
        return plan
    if ALL_MODELS in plan.models:
        others = tuple(m for m in plan.models if m != ALL_MODELS)
        plan = replaced(plan, models=tuple(dict.fromkeys((*store.shipped(), *others))))
    for spec in plan.exporters:
        options.of_exporter(spec, registry.choices(registry.exporter(spec)))
    _check_tuning(plan.finetuning)
    for chain in plan.variants:
        _check_chain(chain, plan.finetuning)
    return plan.model_copy(update={"exporters": plan.exporters or tuple(registry.names("exporters"))})


def _check_tuning(tuning: FineTuning) -> None:
    """Raises PlanError where no training could use it."""
    if own := {"epochs", "start"} & set(tuning.recipe):
        raise PlanError(f"finetuning: {own.pop()} is not a field to set; --finetune-epochs says how long")
    try:
        changed(Recipe(epochs=1, batch_size=1, learning_rate=1), tuning.recipe)
    except ModelError as error:
        raise PlanError(f"finetuning: {error}") from None


def _check_chain(chain: str, tuning: FineTuning) -> None:
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


def _known(kind: str, chosen: tuple[str, ...]) -> None:
    from edgebench.errors import UnknownPlugin

    for name in chosen:
        if name not in registry.names(kind):
            raise UnknownPlugin(registry.KINDS[kind], name, registry.names(kind))
