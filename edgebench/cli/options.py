"""The options that several commands share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

R = TypeVar("R")


def _measuring(kind: Any, name: str, text: str, least: float) -> Any:
    return Annotated[kind, typer.Option(name, min=least, help=text, rich_help_panel="Measuring")]


Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="Shipped model (all: every one), manifest, or FILE.py:FUNCTION. Repeatable."),
]
Weights = Annotated[
    Path | None, typer.Option("--weights", help="Weights of a network from a Python file: .safetensors, or .pth.")
]
TuneThresholds = Annotated[
    bool | None,
    typer.Option("--tune-thresholds", help="Choose the thresholds of what was made elsewhere on the validation fold."),
]
Artifacts = Annotated[
    list[Path] | None, typer.Option("--artifact", help="Measure this .onnx, TorchScript file or folder. Repeatable.")
]
Variants = Annotated[
    list[str] | None,
    typer.Option("--variant", help="Compression: none, l1-0.4, structured-0.5, … Repeatable."),
]
FinetuneEpochs = Annotated[int | None, typer.Option(min=0, help="Epochs on folds 1-8 after a compression.")]
QatEpochs = Annotated[int | None, typer.Option(min=1, help="Epochs of variant qat, if not --finetune-epochs.")]
FinetuneRounds = Annotated[int | None, typer.Option(min=1, help="Rounds of structured pruning, each fine-tuned.")]
FinetuneSet = Annotated[
    list[str] | None,
    typer.Option("--finetune-set", help="A field of the fine-tuning's recipe, as KEY=VALUE. Repeatable."),
]
Exporters = Annotated[list[str] | None, typer.Option("--exporter", help="Exporter (default: all). Repeatable.")]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Target, or path to a TOML profile. Repeatable.")]
DatasetName = Annotated[str | None, typer.Option("--dataset", help="demo (synthetic, embedded) or ptbxl.")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the dataset.")]
Limit = Annotated[int | None, typer.Option(min=1, help="At most this many test records.")]
KeepUnlabelled = Annotated[bool | None, typer.Option("--keep-unlabelled", help="Keep records without any class.")]
SkipBad = Annotated[
    bool | None, typer.Option("--skip-bad-records", help="Leave damaged records out, and say how many.")
]
Calibration = Annotated[int | None, typer.Option(min=1, help="Training records that int8 is calibrated on.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads, instead of the target's.")]
Seed = Annotated[int | None, typer.Option(help="Decides the order of the cells.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the run (default: results/TIME).")]


Timeout = Annotated[float | None, typer.Option(help="Seconds after which a job is given up.")]
MEASURING: dict[str, tuple[str, Any]] = {
    "processes": ("processes", _measuring(int | None, "--processes", "Fresh processes a cell for latency.", 1)),
    "warmup": ("warmup", _measuring(int | None, "--warmup", "Predictions before the timed ones.", 0)),
    "min_samples": (
        "min_samples", _measuring(int | None, "--min-samples", "Timed predictions a process, at least.", 1)
    ),
    "min_seconds": (
        "min_seconds", _measuring(float | None, "--min-seconds", "Seconds of timed predictions a process, at least.", 0)
    ),
    "timeout": ("timeout_s", Timeout),
    "batch": ("batches", _measuring(list[int] | None, "--batch", "Also batches of this size. Repeatable.", 1)),
    "paced": (
        "paced_s", _measuring(float | None, "--paced", "Also one sample every so many seconds, like a monitor.", 1e-3)
    ),
    "cold_starts": (
        "cold_starts", _measuring(int | None, "--cold-starts", "Processes that load the file from the disk.", 0)
    ),
    "core": ("cores", _measuring(list[int] | None, "--core", "Hold timed processes to this core. Repeatable.", 0)),
    "cool_down": (
        "cool_down_c", _measuring(float | None, "--cool-down", "Before each timed process, wait for so many °C.", 0)
    ),
    "steady": (
        "steady", _measuring(float | None, "--steady", "More processes until the interval is so narrow: 0.05.", 1e-3)
    ),
    "steady_limit": (
        "steady_limit_s", _measuring(float | None, "--steady-limit", "Seconds that --steady may take in all.", 0)
    ),
}  # fmt: skip
"""Flags of how latency is measured, each with its field of the plan's `measuring`."""


def takes(options: Mapping[str, tuple[str, Any]], into: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Give a command these options, and the values of those that were given as one dict, in its parameter `into`."""

    def with_options(function: Callable[..., R]) -> Callable[..., R]:
        @functools.wraps(function)
        def gathering(*args: Any, **kwargs: Any) -> R:
            given = {field: kwargs.pop(name, None) for name, (field, _) in options.items()}
            return function(*args, **kwargs, **{into: fields(**given)})

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
    """Those that were given; lists as tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items() if v is not None and v != {}}


def settings(pairs: list[str], option: str = "--set") -> dict[str, Any]:
    """KEY=VALUE pairs with values as in TOML: 0.5, true, [0.57, 1.0]; anything else is text."""
    import tomllib

    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"'{pair}' is not KEY=VALUE", param_hint=option)
        try:
            found[key] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            found[key] = value
    return found


def finetuning(epochs: int | None, qat: int | None, rounds: int | None, set_: list[str] | None) -> dict[str, Any]:
    """The plan's table `finetuning`, from the flags."""
    return fields(epochs=epochs, qat_epochs=qat, rounds=rounds, recipe=settings(set_ or [], "--finetune-set"))
