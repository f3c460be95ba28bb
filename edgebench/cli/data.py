"""`edgebench data`: fetch a dataset, or see what it is and what a folder of it holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from typer.core import TyperCommand

from edgebench.cli import completion
from edgebench.cli.console import command, live, out
from edgebench.cli.options import DatasetOptions, MinLikelihood, default, option, pairs
from edgebench.cli.usage import Refused
from edgebench.reports.plain import plain

if TYPE_CHECKING:
    from edgebench.core.datasets import Option, Published

data = typer.Typer(
    no_args_is_help=True, rich_markup_mode="rich", help="Fetch a dataset, or see what it is and what a folder holds.",
    epilog="Start with: [bold]edgebench data fetch ptbxl ptbxl[/bold], or [bold]edgebench list datasets[/bold].",
)  # fmt: skip


class _WithOptions(TyperCommand):
    """A command whose help ends with the options of each dataset, which are found when it is shown."""

    @property
    def epilog(self) -> str:
        """One line an option."""
        from edgebench.core import registry

        lines = []
        for name in registry.nameable("datasets"):
            for flag, one in getattr(registry.dataset(name), "fetch_options", {}).items():
                text = one.meaning + (f"; default {one.default}" if one.default else "")
                lines.append(f"\b{name} --{flag}: {text}")
        return "\n\n".join(lines)

    @epilog.setter
    def epilog(self, value: str | None) -> None:
        pass


@data.command(cls=_WithOptions, context_settings={"ignore_unknown_options": True})
@command
def fetch(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="One of edgebench list datasets.",
                                           autocompletion=completion.of("DATASET"))],
    words: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FOLDER] [--OPTION VALUE]", show_default=False, help="Folder to fill; "
                       "without it one of the dataset's name. Options: see below."),
    ] = None,
    url: Annotated[str, option("--url", "URL", "Where to fetch from." + default("its publisher"), own=False)] = "",
) -> None:  # fmt: skip
    """Fetch what a run needs of a dataset from its publisher.

    Fills a folder in the publisher's layout. Every file is checked by its
    published hash; the same command continues after an interruption.

    \b[bold]Examples[/bold]

    \bedgebench data fetch ptbxl ptbxl                 # what a run needs
    edgebench data fetch cifar10 cifar10
    edgebench data fetch echonet echo --synthetic 100 --seed 0
    """
    from edgebench.core import registry
    from edgebench.core.errors import PlanError

    (name, *places), flags = _parted([dataset, *map(str, words or [])])
    published = cast("Published", registry.dataset(name))
    if not hasattr(published, "fetch"):
        raise PlanError(f"{name}: nothing to fetch; it is {published.summary}")
    _check(name, published.fetch_options, flags)
    with live("fetched files are kept; the same command continues from there") as listener:
        folder = Path(places[0] if places else name)
        done = published.fetch(folder, flags, url, listener.counting(f"fetch {name}"))
    out.print(plain(done))


@data.command()
@command
def info(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="One of edgebench list datasets, or FILE.py:FUNCTION.")
    ],
    directory: Annotated[Path | None, typer.Argument(metavar="FOLDER", help="Its folder, or its file.")] = None,
    dataset_option: DatasetOptions = None,
    min_likelihood: MinLikelihood = None,
) -> None:
    """Show what a dataset is, and which records a folder holds and lacks. Writes nothing.

    \b[bold]Examples[/bold]

    \bedgebench data info ptbxl ptbxl
    edgebench data info ptbxl ptbxl --dataset-option min_likelihood=50
    edgebench data info demo-echo
    """
    from edgebench.cli.data_view import show_dataset

    likelihood = {"min_likelihood": f"{min_likelihood:g}"} if min_likelihood else {}
    show_dataset(dataset, directory, likelihood | pairs(dataset_option))


def _parted(words: list[str]) -> tuple[list[str], dict[str, str]]:
    """The dataset and the folder, and the values of `--NAME VALUE` and `--NAME=VALUE`; raises Refused."""
    places: list[str] = []
    flags: dict[str, str] = {}
    left = iter(words)
    for word in left:
        if not word.startswith("-"):
            places.append(word)
            continue
        flag, equals, value = word.partition("=")
        given = value if equals else next(left, "")
        if not given or given.startswith("--"):
            raise Refused(flag, "needs a value")
        flags[flag.lstrip("-").replace("-", "_")] = given
    if not places:
        raise Refused("DATASET", "missing; see edgebench list datasets")
    if len(places) > 2:
        raise Refused(places[2][:60], "unexpected extra argument")
    return places, flags


def _check(dataset: str, options: Mapping[str, Option], flags: Mapping[str, str]) -> None:
    from edgebench.core.problems import LONGEST
    from edgebench.data.chosen_options import unfit, unknown

    for name, value in flags.items():
        if problem := unknown(name, options):
            raise Refused(f"--{name[:LONGEST]}", f"no option of {dataset}; {problem}")
        if problem := unfit(value, options[name]):
            raise Refused(value if len(value) <= LONGEST else f"{value[:LONGEST]}…", problem, f"--{name}")
