"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

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
Processes = Annotated[int | None, typer.Option(min=1, help="Fresh processes a cell for latency.")]
Warmup = Annotated[int | None, typer.Option(min=0, help="Predictions before the timed ones.")]
MinSamples = Annotated[int | None, typer.Option(min=1, help="Timed predictions a process, at least.")]
MinSeconds = Annotated[float | None, typer.Option(min=0, help="Seconds of timed predictions a process, at least.")]
Timeout = Annotated[float | None, typer.Option(help="Seconds after which a job is given up.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads, instead of the target's.")]
Seed = Annotated[int | None, typer.Option(help="Decides the order of the cells.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the run (default: results/TIME).")]


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
