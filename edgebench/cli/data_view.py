"""`edgebench data info` on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from edgebench.cli.console import out
from edgebench.core import registry, user_code
from edgebench.core.datasets import Counted, Dataset
from edgebench.core.errors import DataError, PlanError, UnknownPlugin
from edgebench.reports.plain import plain
from edgebench.reports.terminal import print_table

MOST_CLASSES = 10


def show_dataset(name: str, directory: Path | None, options: Mapping[str, str]) -> None:
    """Print what a dataset is and, where it can be counted, what each of its splits has. Raises EdgeBenchError."""
    dataset = _dataset(name)
    rows, reason = None, ""
    user_code.trust_named(name)  # the user named it
    if hasattr(dataset, "info"):
        try:
            rows = cast("Counted", dataset).info(directory, options)
        except DataError as error:
            if directory is not None or options:
                raise
            reason = str(error)  # most need a folder; it still says what the dataset is
    print_table(out, [dataset.label, ""], _facts(dataset))
    table = [["option", "value", "meaning"]]
    table += [[key, options.get(key, one.default), one.meaning] for key, one in dataset.options.items()]
    if len(table) > 1:
        print_table(out, table[0], table[1:])
    if rows is None:
        if reason:
            out.print(plain(reason), soft_wrap=True)
            out.print(plain(f"what a folder holds: edgebench data info {name} FOLDER"), soft_wrap=True)
        return
    print_table(
        out, ["split", "records", "missing", "broken", "without target"],
        [[row.split, *map(str, (row.records, row.missing, row.broken, row.unlabelled))] for row in rows],
    )  # fmt: skip
    for note in dict.fromkeys(row.note for row in rows if row.note):
        split = next(row.split for row in rows if row.note == note)
        out.print(plain(f"{split}: {note}"), soft_wrap=True)


def _dataset(name: str) -> Dataset:
    try:
        return registry.dataset(name)
    except UnknownPlugin:
        if Path(name).exists():
            raise PlanError(f"{name}: name the dataset first: edgebench data info DATASET {name}") from None
        raise


def _facts(dataset: Dataset) -> list[list[str]]:
    several = [*dataset.classes[:MOST_CLASSES], *(["…"] if len(dataset.classes) > MOST_CLASSES else [])]
    outputs = ", ".join(several) + (f" in {dataset.unit}" if dataset.unit else "")
    named = dict.fromkeys(dataset.splits.values())
    facts = {
        "is": dataset.summary, "task": dataset.task, "answers": outputs, "splits": ", ".join(named),
        "licence": dataset.license,
    }  # fmt: skip
    return [[key, value] for key, value in facts.items() if value]
