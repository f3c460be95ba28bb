"""`edgebench train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgebench.cli.console import command
from edgebench.cli.options import DataDir, fields, settings


@command
def train(
    name: Annotated[str, typer.Argument(help="Architecture.")],
    dataset: Annotated[str, typer.Option(help="ptbxl or demo.")] = "ptbxl",
    data_dir: DataDir = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the weights.")] = Path("models"),
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    batch_size: Annotated[int | None, typer.Option(min=1)] = None,
    learning_rate: Annotated[float | None, typer.Option(min=0)] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    teacher: Annotated[str | None, typer.Option(help="Trained model to distil: a shipped one, or a manifest.")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Another field of the recipe, as KEY=VALUE. Repeatable.")
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Store the weights in half precision.")] = False,
    compiled: Annotated[bool, typer.Option("--compile", help="Train through torch.compile.")] = False,
    device: Annotated[str, typer.Option(help="cpu or cuda (default: cuda where there is one).")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in the folder.")] = False,
) -> None:
    """Train a model on folds 1-8, with early stopping and thresholds on fold 9.

    A checkpoint is written after each epoch; after Ctrl-C, --resume goes on.

    [bold]Example[/bold]

    edgebench train resnet1d --data-dir ptbxl -o models
    """
    from edgebench.cli.training_view import show_training

    recipe = settings(set_ or []) | fields(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, teacher=teacher
    )
    show_training(
        name, dataset, data_dir, recipe=recipe, output=output, device=device, compiled=compiled, half=half,
        resume=resume,
    )  # fmt: skip
