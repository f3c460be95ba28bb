"""`edgebench train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli import completion
from edgebench.cli.console import command
from edgebench.cli.options import (
    DataDir,
    DatasetOptions,
    MinLikelihood,
    SkipBad,
    TaskName,
    default,
    fields,
    flag,
    option,
    pairs,
    settings,
)
from edgebench.cli.usage import number

RECIPE = default("as in the recipe")


@command
def train(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Architecture: one of edgebench list, timm:NAME or FILE.py:FUNCTION.",
            autocompletion=completion.of("NAME"),
        ),
    ],
    dataset: Annotated[
        str, option("--dataset", "NAME", "One of edgebench list datasets, or FILE.py:FUNCTION.")
    ] = "ptbxl",
    data_dir: DataDir = None,
    dataset_option: DatasetOptions = None,
    task: TaskName = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the weights, the manifest and checkpoint."),
    ] = Path("models"),
    epochs: Annotated[
        int | None, option("--epochs", "N", f"Passes over the training records, at most.{RECIPE}", number(int, 1))
    ] = None,
    batch_size: Annotated[
        int | None, option("--batch-size", "N", f"Records of one step.{RECIPE}", number(int, 1))
    ] = None,
    learning_rate: Annotated[
        float | None,
        option("--learning-rate", "RATE", f"Optimizer's learning rate.{RECIPE}", number(float, above=0)),
    ] = None,
    seed: Annotated[
        int | None, option("--seed", "N", f"Seed of everything that is random in the training.{RECIPE}", number(int))
    ] = None,
    teacher: Annotated[
        str | None,
        option("--teacher", "NAME", "Trained model to distil: shipped, or path to a manifest; of A,B the mean."),
    ] = None,
    set_: Annotated[
        list[str] | None, option("--set", "KEY=VALUE...", "Another field of the recipe; may be repeated.")
    ] = None,
    half: Annotated[bool, flag("--half", "Store the weights in half precision.")] = False,
    compiled: Annotated[bool, flag("--compile", "Train through torch.compile.")] = False,
    device: Annotated[
        str,
        typer.Option(metavar="DEVICE", help="cpu or cuda." + default("cuda where there is one"), show_default=False),
    ] = "",
    min_likelihood: MinLikelihood = None,
    skip_bad_records: SkipBad = None,
    resume: Annotated[bool, flag("--resume", "Continue from the checkpoint in the folder of --output.")] = False,
) -> None:
    """Train a model, with early stopping on the validation records.

    Writes NAME.safetensors and NAME.json, its manifest, into the folder of
    --output, and after each epoch a checkpoint; --resume continues after
    Ctrl-C. Other fields are as in the architecture's recipe: docs/models.md.

    \b[bold]Examples[/bold]

    \bedgebench train resnet1d --data-dir ptbxl -o models
    edgebench train resnet1d --dataset demo --epochs 2      # to see it work
    edgebench train vit --set mixup=0.2 --teacher resnet1d --data-dir ptbxl
    """
    from edgebench.cli.training_view import show_training

    recipe = settings(set_ or []) | fields(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, teacher=teacher
    )
    likelihood = {"min_likelihood": str(min_likelihood)} if min_likelihood else {}
    show_training(
        name, dataset, data_dir, recipe=recipe, output=output, device=device, compiled=compiled, half=half,
        resume=resume, skip_bad=bool(skip_bad_records), options=likelihood | pairs(dataset_option), task=task or "",
    )  # fmt: skip
