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
HEADINGS = ["model", "parameters", "MACs", "size"]
FOLD_10 = ["fold 10 macro-F1", "fold 10 macro-AUC"]
"""The scores of the networks for ECGs; those of other tasks are on the test split of their dataset."""


def table(facts: list[ModelFacts]) -> str:
    """The table in Markdown, and one for each further task; a model without weights has neither size nor scores."""
    tasks = dict.fromkeys(m.task for m in facts if m.task not in ("", "multilabel"))
    found = [_rows([m for m in facts if m.task in ("", "multilabel")], FOLD_10)]
    for task in tasks:
        there = [m for m in facts if m.task == task]
        found.append(_rows(there, next(([metric.label for metric, _ in m.scores] for m in there if m.scores), [])))
    return "\n\n".join(found)


def _rows(facts: list[ModelFacts], scores: list[str]) -> str:
    rows = [[_name(m), count(m.parameters), count(m.macs), *_trained(m)] for m in facts]
    return tabulate(rows, [*HEADINGS, *scores], tablefmt="github", disable_numparse=True)


def _name(m: ModelFacts) -> str:
    return f"`{m.name}`{f': {m.dataset}' if m.task not in ('', 'multilabel') else ''}"


def _trained(facts: ModelFacts) -> list[str]:
    if not facts.shipped:
        return ["", "", ""]
    return [size(facts.size_bytes), *(metric.text(value) for metric, value in facts.scores)]


def page() -> str:
    """The text of the page with the current table."""
    return replaced(PAGE.read_text(encoding="utf-8"), "models", table(model_facts()))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
