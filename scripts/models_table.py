"""Write the table of all models into docs/models.md, from the manifests and the networks themselves.

    python scripts/models_table.py

The table stands between `<!-- models -->` and `<!-- end -->`; a test fails where it is out of date.
"""

from __future__ import annotations

from marked import ROOT, replaced
from tabulate import tabulate

from edgebench.models.catalog import ModelFacts, model_facts
from edgebench.reports.columns import count, size

PAGE = ROOT / "docs" / "models.md"
HEADINGS = ["model", "parameters", "MACs"]
FOLD_10 = ["fold 10 macro-F1", "fold 10 macro-AUC"]
"""The scores of the networks for ECGs; those of other tasks are on the test split of their dataset."""


def table(facts: list[ModelFacts]) -> str:
    """Tables in Markdown: one for each task of shipped models, and one of the models without weights."""
    shipped = [m for m in facts if m.shipped]
    found = []
    for task in dict.fromkeys(m.task for m in sorted(shipped, key=lambda m: m.task != "multilabel")):
        there = [m for m in shipped if m.task == task]
        labels = next(([metric.label for metric, _ in m.scores] for m in there if m.scores), [])
        scores = FOLD_10 if task == "multilabel" else labels
        found.append(_tabulated([[*_counted(m), *_trained(m)] for m in there], [*HEADINGS, "size", *scores]))
    untrained = [[*_counted(m), "/".join(m.axes)] for m in facts if not m.shipped]
    return "\n\n".join([*found, _tabulated(untrained, [*HEADINGS, "axes"])])


def _tabulated(rows: list[list[str]], headings: list[str]) -> str:
    return tabulate(rows, headings, tablefmt="github", disable_numparse=True)


def _counted(m: ModelFacts) -> list[str]:
    return [_name(m), count(m.parameters), count(m.macs)]


def _name(m: ModelFacts) -> str:
    return f"`{m.name}`{f': {m.dataset}' if m.shipped and m.task != 'multilabel' else ''}"


def _trained(facts: ModelFacts) -> list[str]:
    return [size(facts.size_bytes), *(metric.text(value) for metric, value in facts.scores)]


def page() -> str:
    """The text of the page with the current table."""
    return replaced(PAGE.read_text(encoding="utf-8"), "models", table(model_facts()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
