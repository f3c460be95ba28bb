"""Write the tables of docs/plan.md from the records of a plan, so that the page has every field and no other.

    python scripts/plan_reference.py

Each table stands between `<!-- fields NAME -->` and `<!-- end -->`; a test fails where the page differs.
"""

from __future__ import annotations

import ast
import collections.abc
import dataclasses
import inspect
import itertools
import json
import types
import typing
from math import inf
from pathlib import Path
from typing import Any, cast

import typer
from marked import ROOT, replaced
from tabulate import tabulate

from edgebench.cli.app import app
from edgebench.cli.options import MEASURING
from edgebench.core.policy import Policy
from edgebench.core.recipe import LIMITS, SMALL, Recipe
from edgebench.core.settings import LEAST, FineTuning, Measuring
from edgebench.pipeline.plan import FIELDS, RANGES, BuildPlan, MeasurePlan

PAGE = ROOT / "docs" / "plan.md"
HEADINGS = ["field", "type", "default", "flag", "meaning"]
NO_FIELD = ("plan", "output", "resume", "cluster", "pool", "tls_ca", "tls_cert", "tls_key", "insecure")
"""Parameters of `edgebench run` that are no field of a plan."""
WORDS = {"finetune_epochs": "epochs", "qat_epochs": "qat_epochs", "finetune_rounds": "rounds", "finetune_set": "recipe"}
"""Parameters of `edgebench run` that are fields of the table `finetuning`."""


def flags() -> dict[str, str]:
    """The flag of each field that has one, by the field's name with its table before it; raises KeyError."""
    run = typer.main.get_command(app).commands["run"]  # type: ignore[attr-defined]
    found = {}
    for parameter in run.params:
        name = str(parameter.name)
        if name in NO_FIELD or name == "help":
            continue
        if name in MEASURING:
            field = f"measuring.{MEASURING[name][0]}"
        elif name in WORDS:
            field = f"finetuning.{WORDS[name]}"
        elif name == "max_latency":
            field = "policy.max_latency_s"
        else:
            field = name if name in FIELDS else f"{name}s"
            field = "measuring.timeout_s" if name == "timeout" else field
        found[field] = parameter.opts[0]
    found["measuring.preset"] = f"{found.pop('measuring.quick')}`, `{found.pop('measuring.thorough')}"
    return found


def table(name: str) -> str:
    """The table of one part: `plan`, `finetuning`, `measuring`, `recipe` or `policy`."""
    parts: dict[str, tuple[type, ...]] = {
        "plan": (BuildPlan, MeasurePlan), "finetuning": (FineTuning,), "measuring": (Measuring,), "recipe": (Recipe,),
        "policy": (Policy,),
    }  # fmt: skip
    have, prefix = flags(), "" if name in ("plan", "recipe") else f"{name}."
    rows = [
        [
            f"`{field.name}`", _type(hint) + _range(name, field.name), _default(field),
            f"`{flag}`" if (flag := have.get(prefix + field.name, "")) and name != "recipe" else "",
            _meaning(field.name, meanings[field.name]),
        ]
        for kind in parts[name]
        for meanings in (docstrings(kind),)
        for field, hint in _fields(kind)
    ]  # fmt: skip
    kept = [i for i in range(len(HEADINGS)) if any(row[i] for row in rows)]
    made = tabulate(
        [[row[i] for i in kept] for row in rows], [HEADINGS[i] for i in kept], "github", disable_numparse=True
    )
    return "\n".join(line.strip("|").strip() for line in made.splitlines())


def docstrings(kind: type) -> dict[str, str]:
    """The docstring below each field of a dataclass, by the field's name."""
    body = cast(ast.ClassDef, ast.parse(inspect.getsource(kind)).body[0]).body
    return {
        cast(ast.Name, field.target).id: cast(str, below.value.value)
        for field, below in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }


def _fields(kind: type) -> list[tuple[dataclasses.Field[Any], Any]]:
    hints = typing.get_type_hints(kind)
    return [(field, hints[field.name]) for field in dataclasses.fields(kind)]


def _meaning(field: str, text: str) -> str:
    text = " ".join(text.split()).rstrip(".")
    if not text:
        raise ValueError(f"{field} has no docstring")
    return (text[0].upper() + text[1:]).replace("|", "\\|")


def _type(hint: Any) -> str:
    """The type as a person writes it in TOML."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(one) for one in inner if one is not type(None))
    if origin is typing.Literal:
        return ", ".join(f"`{value}`" for value in inner if value)
    if origin is tuple:
        return f"list of {_type(inner[0])}s"
    if dataclasses.is_dataclass(hint) or origin in (dict, collections.abc.Mapping):
        return "table"
    return {str: "text", int: "integer", float: "number", bool: "boolean", Path: "path"}[hint]


def _range(part: str, field: str) -> str:
    if part == "recipe" and field in LIMITS:
        low, high = LIMITS[field]
        if low == SMALL:
            return f" > 0, ≤ {high:g}" if high < inf else " > 0"
        return f", {low:g} to {high:g}" if high < inf else f" ≥ {low:g}"
    if part == "plan" and field in RANGES:
        least, most = RANGES[field]
        return f" ≥ {least:g}" if most is None else f", {least:g} to {most:g}"
    return f" ≥ {LEAST[field]:g}" if part == "measuring" and field in LEAST else ""


def _default(field: dataclasses.Field[Any]) -> str:
    value = field.default
    if value in (None, (), "", dataclasses.MISSING):
        return ""
    return f"`{json.dumps(value)}`"  # JSON's text, numbers and truth values are TOML's too


def page() -> str:
    """The page with its tables written again."""
    text = PAGE.read_text(encoding="utf-8")
    for name in ("plan", "finetuning", "measuring", "recipe", "policy"):
        text = replaced(text, f"fields {name}", table(name))
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
