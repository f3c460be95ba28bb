"""What to run: a TOML file, flags, or both; checked before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydantic

from edgebench.core import options, registry, settings, target_profiles, validation
from edgebench.core.errors import FieldError, ModelError, PlanError
from edgebench.core.files import toml
from edgebench.core.options import CHAIN
from edgebench.core.recipe import Recipe, changed
from edgebench.core.settings import MOST_THREADS, FineTuning, Measuring
from edgebench.core.validation import ABSENT, InvalidValue, Problem
from edgebench.models import store
from edgebench.pipeline.device_plan import check_cores, first_too_small

ALL_MODELS = "all"
"""Stands for every model whose weights are in the package."""
PARTS = ("finetuning", "measuring")
"""The plan's tables, whose fields are overridden one by one."""


class Plan(pydantic.BaseModel):
    """A grid of cells, the records to score them on, and how to measure."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    models: tuple[str, ...] = pydantic.Field(
        settings.MODELS,
        description="shipped models (`all`: every one), paths of manifests, or one path/to/file.py:FUNCTION",
    )
    weights: Path | None = pydantic.Field(None, description="weights of the model that is path/to/file.py:FUNCTION")
    tune_thresholds: bool = pydantic.Field(
        False, description="choose the thresholds of what was made elsewhere on the validation records"
    )
    variants: tuple[str, ...] = pydantic.Field(
        settings.VARIANTS, description="compressions, such as `none`, `l1-0.4`, `structured-0.5`, `structured-0.5+qat`"
    )
    exporters: tuple[str, ...] = pydantic.Field(
        (), description="exporters, with their options (`onnx-int8:entropy`); empty for all of them"
    )
    targets: tuple[str, ...] = pydantic.Field(settings.TARGETS, description="names of profiles, or paths to TOML files")
    artifacts: tuple[Path, ...] = pydantic.Field(
        (),
        description="measure these instead of building: manifests, .onnx or TorchScript files; models, variants and "
        "exporters have no say then",
    )
    dataset: str = pydantic.Field(
        settings.DATASET, description="the records that macro-F1 is computed on: `demo` or `ptbxl`"
    )
    data_dir: Path | None = pydantic.Field(None, description="folder of the dataset; `demo` needs none")
    limit: int | None = pydantic.Field(None, ge=1, description="at most this many test records; without it, all")
    keep_unlabelled: bool = pydantic.Field(False, description="keep test records without any class")
    skip_bad_records: bool = pydantic.Field(False, description="leave damaged records out instead of stopping")
    calibration_records: int = pydantic.Field(
        settings.CALIBRATION_RECORDS, ge=1, description="training records that int8 is calibrated on, at most"
    )
    threads: int | None = pydantic.Field(
        None, ge=1, le=MOST_THREADS, description="threads of every cell, instead of the target's"
    )
    seed: int = pydantic.Field(
        settings.SEED, description="decides the order of the timed cells, and chance in a compression"
    )
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
            raise InvalidValue(problem)
        names = [Path(m).stem if m.endswith(".json") else m for m in self.models]
        if len(set(names)) < len(names):
            raise _misfit("models", f"two are named alike ({', '.join(names)}); rename a manifest")
        own = [m for m in self.models if is_own(m)]
        if len(own) > 1:
            raise _misfit("models", f"needs weights of its own, as {own[0]} does; give it another run", own[1])
        if own and not self.weights and not self.artifacts:
            raise _misfit("models", "needs its weights: --weights FILE", own[0])
        if self.weights and not own:
            said = "no model is path/to/file.py:FUNCTION; the others have weights of their own"
            raise _misfit("weights", said, str(self.weights))
        for name in ("models", "variants", "targets"):
            if not getattr(self, name):
                raise _misfit(name, "must not be empty")
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


def _misfit(field: str, words: str, given: Any = ABSENT) -> InvalidValue:
    return InvalidValue(Problem(field, words, given))


def is_own(model: str) -> bool:
    """Whether a model is a network from a Python file, path/to/file.py:FUNCTION."""
    return ".py:" in model


def load(path: Path | None, overrides: dict[str, Any]) -> Plan:
    """Read a plan, put the overrides that are not None over it, and check every name in it.

    Raises PlanError or UnknownPlugin, with one line; FieldError where one of the overrides is wrong.
    """
    data: dict[str, Any] = {}
    if path is not None:
        try:
            data = toml(path.read_text(encoding="utf-8"))
        except IsADirectoryError:
            further = f"; go on with that run: edgebench run --resume {path}" if (path / "plan.json").is_file() else ""
            raise PlanError(f"{path}: a folder; a plan is a TOML file{further}") from None
        except OSError as error:
            raise PlanError(f"{path}: cannot read the plan ({error.strerror})") from None
        except UnicodeDecodeError:
            raise PlanError(f"{path}: not a plan: not a text file in UTF-8") from None
        except ValueError as error:
            raise PlanError(f"{path}: not valid TOML: {error}") from None
        if not data:
            raise PlanError(f"{path}: the plan is empty; say what to run, or leave it away for the default")
    with _blaming(str(path), overrides):
        return check(Plan(**_put_over(data, overrides)))


def over_saved(saved: dict[str, Any], overrides: dict[str, Any]) -> Plan:
    """The plan of an earlier run, as `document` gave it, with overrides; raises PlanError."""
    with _blaming("the run's plan", overrides):
        return Plan(**_put_over(saved, overrides))


def replaced(plan: Plan, **changes: Any) -> Plan:
    """The plan with some fields changed, and validated again; raises PlanError."""
    with _blaming("the plan", {}):
        return Plan(**{**plan.model_dump(), **changes})


def _put_over(data: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """The data with the overrides that are not None; tables are overridden field by field."""
    given = {k: v for k, v in overrides.items() if v is not None and v != ()}
    for part in PARTS:
        changes = given.pop(part, {})
        if changes and isinstance(data.get(part, {}), dict):
            given[part] = {**data.get(part, {}), **changes}
    return {**data, **given}


@contextmanager
def _blaming(file: str, overrides: dict[str, Any]) -> Iterator[None]:
    """Turn a field that is wrong into a PlanError that names the file, or a FieldError where an override gave it."""
    try:
        yield
    except pydantic.ValidationError as error:
        first, *others = validation.of_validation(error, Plan)
        count = len(others)
    except FieldError as error:
        first, count = error.problem, 0
    else:
        return
    table, _, name = first.place.partition(".")
    given = overrides.get(table)
    if given is not None and (table not in PARTS or not isinstance(given, dict) or name.partition(".")[0] in given):
        raise FieldError(first, count)
    raise PlanError(f"{file}: {first}{f' (and {count} more)' if count else ''}")


def check(plan: Plan) -> Plan:
    """Resolve the defaults, and fail now rather than after the first export."""
    from edgebench.measuring import environment

    machine = environment.machine()
    check_cores(plan.measuring.cores)
    found = [target_profiles.find(name, machine).name for name in plan.targets]
    if len(set(found)) < len(found):
        raise PlanError(f"targets: two profiles have one name ({', '.join(found)}); rename one")
    registry.place("datasets", plan.dataset)
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
