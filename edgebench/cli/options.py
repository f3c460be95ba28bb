"""The options that several commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from edgebench.cli import completion, measure_options
from edgebench.cli.measure_options import MEASURING as MEASURING_OPTIONS
from edgebench.cli.measure_options import RECORDS, TARGET, THREADS, Option
from edgebench.cli.usage import Refused, number
from edgebench.core.errors import FieldError, PlanError
from edgebench.core.settings import (
    CALIBRATION_RECORDS,
    MODELS,
    SEED,
    TARGETS,
    VARIANTS,
    FineTuning,
)

R = TypeVar("R")
P = ParamSpec("P")


def default(value: Any) -> str:
    """The default after an option's help text, in typer's own style."""
    return f" [dim]\\[default: {value:g}][/dim]" if isinstance(value, float) else f" [dim]\\[default: {value}][/dim]"


def option(
    name: str, metavar: str, text: str, parser: Callable[[Any], Any] | None = None, panel: str = "", own: bool = True,
    also: str = "",
) -> Any:  # fmt: skip
    """An option whose value the help calls `metavar`; one that may be repeated ends in dots.

    `own` says that the help shows the parameter's own default, which is None where a plan has it. `also` is a second
    name that earlier versions used.
    """
    return typer.Option(
        *([name, also] if also else [name]),
        help=text,
        metavar=metavar,
        parser=parser,
        rich_help_panel=panel or None,
        show_default=own,
        autocompletion=completion.of(name),
    )


def flag(name: str, text: str, panel: str = "") -> Any:
    """An option without a value."""
    return typer.Option(name, help=text, metavar="", rich_help_panel=panel or None)


def _whole(name: str, text: str, least: int | None = None, most: int | None = None) -> Any:
    return option(name, "N", text, number(int, least, most))


_tuning = FineTuning()
Models = Annotated[
    list[str] | None,
    option("--model", "NAME...", "Shipped model (all: every one), path to a manifest, or FILE.py:FUNCTION; "
           "without it the smallest that fits --dataset." + default(MODELS[0])),
]  # fmt: skip
Weights = Annotated[
    Path | None, option("--weights", "FILE", "Weights of the network FILE.py:FUNCTION: .safetensors or .pth.")
]
Untrained = Annotated[
    bool | None, flag("--untrained", "Random weights: architectures (all, timm:NAME, …) before a training.")
]
TuneThresholds = Annotated[
    bool | None,
    flag("--tune-thresholds", "Choose thresholds of imported networks and files on the validation records."),
]
Artifacts = Annotated[
    list[Path] | None, option("--artifact", "PATH...", "Measure this .onnx, .tflite, .xml, TorchScript file or folder.")
]
Variants = Annotated[
    list[str] | None,
    option("--variant", "NAME...", "Compression: none, l1-0.4, structured-0.5, …" + default(VARIANTS[0])),
]
FinetuneEpochs = Annotated[
    int | None,
    _whole("--finetune-epochs", "Epochs on the training records after a compression." + default(_tuning.epochs), 0),
]
QatEpochs = Annotated[int | None, _whole("--qat-epochs", "Epochs of variant qat, if not --finetune-epochs.", 1)]
FinetuneRounds = Annotated[
    int | None,
    _whole("--finetune-rounds", "Rounds of structured pruning, each fine-tuned." + default(_tuning.rounds), 1),
]
FinetuneSet = Annotated[
    list[str] | None, option("--finetune-set", "KEY=VALUE...", "A field of the recipe of the fine-tuning.")
]
MaxLatency = Annotated[
    str | None, option("--max-latency", "TIME", "Largest median latency of what is recommended or fits: 10ms.")
]
Exporters = Annotated[list[str] | None, option("--exporter", "NAME...", "Exporter." + default("all"))]
KeepUnlabelled = Annotated[bool | None, flag("--keep-unlabelled", "Keep records without any class.")]
SkipBad = Annotated[bool | None, flag("--skip-bad-records", "Leave damaged records out, and say how many.")]
MinLikelihood = Annotated[
    float | None,
    option(
        "--min-likelihood", "PERCENT", "Likelihood from which on PTB-XL's statements count." + default(0),
        number(float, 0, 100),
    ),
]  # fmt: skip
DatasetOptions = Annotated[
    list[str] | None, option("--dataset-option", "KEY=VALUE...", "An option of the dataset, such as target=EDV.")
]
Calibration = Annotated[
    int | None,
    _whole("--calibration-records", "Training records that int8 is calibrated on." + default(CALIBRATION_RECORDS), 1),
]
Seed = Annotated[int | None, _whole("--seed", "Decides the order of the cells." + default(SEED))]
Output = Annotated[Path | None, typer.Option(
    "--output", "-o", metavar="FOLDER", help="New folder for all results." + default("results/TIME")
)]  # fmt: skip


def annotated(declared: Option, shown: Any = None) -> Any:
    """A typer option of one that both command lines have; `shown` is what its help gives as the default here."""
    kind: Any = list[declared.kind] if declared.repeatable else declared.kind  # type: ignore[name-defined]
    parser = number(declared.kind, declared.least, declared.most) if declared.kind in (int, float) else None
    value = declared.default if shown is None else shown
    text = declared.help + ("" if value is None else default(value))
    panel = "Measuring" if declared.field.startswith("measuring.") else ""
    if declared.kind is bool:
        return Annotated[bool | None, flag(declared.flag, text, panel)]
    return Annotated[kind | None, option(declared.flag, declared.metavar, text, parser, panel)]


Targets = annotated(TARGET)
RunTargets = annotated(TARGET, ", ".join(TARGETS))
DatasetName, DataDir, TaskName, ReferenceFile, Limit = (annotated(declared) for declared in RECORDS)
Threads = annotated(THREADS)
MEASURING: dict[str, tuple[str, Any]] = {
    declared.parameter: (declared.field.removeprefix("measuring."), annotated(declared))
    for declared in MEASURING_OPTIONS
}
"""Flags of how latency is measured, each with its field of the plan's table `measuring`."""
Timeout = MEASURING["timeout"][1]
FLAGS = {
    "dataset_options": "--dataset-option",
    "models": "--model", "variants": "--variant", "exporters": "--exporter", "artifacts": "--artifact",
    "policy.max_latency_s": "--max-latency",
    "finetuning.epochs": "--finetune-epochs", "finetuning.qat_epochs": "--qat-epochs",
    "finetuning.rounds": "--finetune-rounds", "finetuning.recipe": "--finetune-set",
}  # fmt: skip
"""Flags of the plan's build fields; `measure_options` has the others."""


def flag_of(place: str) -> str:
    """The flag that sets a plan's field."""
    return next((f for name, f in FLAGS.items() if f"{place}.".startswith(f"{name}.")), measure_options.flag_of(place))


def by_flags(function: Callable[P, R]) -> Callable[P, R]:
    """Make an error in a plan's field name the flag that set it."""

    @functools.wraps(function)
    def naming(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except FieldError as error:
            raise PlanError(error.problem.of(flag_of(error.problem.place)) + error.more) from None

    return naming


def takes(options: Mapping[str, tuple[str, Any]], into: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Add these options to a command, which gets the values of those that were set as one dict in parameter `into`."""

    def with_options(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def gathering(*args: Any, **kwargs: Any) -> R:
            values = {field: kwargs.pop(name, None) for name, (field, _) in options.items()}
            return function(*args, **kwargs, **{into: fields(**values)})

        own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.name != into]
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
            for name, (_, annotation) in options.items()
        ]
        gathering.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
        gathering.__annotations__ = {p.name: p.annotation for p in (*own, *added)}
        return gathering

    return with_options


def fields(**values: Any) -> dict[str, Any]:
    """The values that are set; lists as tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if v is not None and v != {}}


def settings(pairs: list[str], flag: str = "--set") -> dict[str, Any]:
    """KEY=VALUE pairs with values as in TOML: 0.5, true, [0.57, 1.0]; anything else is text."""
    from edgebench.core.toml_file import toml

    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise Refused(pair, "must be KEY=VALUE", flag)
        try:
            found[key] = toml(f"value = {value}")["value"]
        except ValueError:
            found[key] = value
    return found


def pairs(given: list[str] | None, flag: str = "--dataset-option") -> dict[str, str]:
    """KEY=VALUE pairs, each value as it is written."""
    found: dict[str, str] = {}
    for one in given or []:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise Refused(one, "must be KEY=VALUE", flag)
        found[key] = value
    return found


def finetuning(epochs: int | None, qat: int | None, rounds: int | None, set_: list[str] | None) -> dict[str, Any]:
    """The plan's table `finetuning`, from the flags."""
    return fields(epochs=epochs, qat_epochs=qat, rounds=rounds, recipe=settings(set_ or [], "--finetune-set"))
