"""Write the tables of docs/plan.md from the schema of a plan, so that the page has every field and no other.

    python scripts/plan_reference.py

Each table stands between `<!-- fields NAME -->` and `<!-- end -->`; a test fails where the page differs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf
from typing import Any

import pydantic
import typer
from marked import ROOT, replaced
from tabulate import tabulate

from edgebench.cli.app import app
from edgebench.cli.options import MEASURING
from edgebench.core.recipe import LIMITS, SMALL, Recipe
from edgebench.pipeline.device_plan import LEAST
from edgebench.pipeline.plan import Plan

PAGE = ROOT / "docs" / "plan.md"
HEADINGS = ["field", "type", "default", "flag", "meaning"]
NO_FIELD = ("plan", "output", "resume")
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
        else:
            field = name if name in Plan.model_fields else f"{name}s"
            field = "measuring.timeout_s" if name == "timeout" else field
        found[field] = parameter.opts[0]
    return found


def table(name: str) -> str:
    """The table of one part of the schema: `plan`, `finetuning`, `measuring` or `recipe`."""
    schema = Plan.model_json_schema()
    parts = {
        "plan": schema, "finetuning": schema["$defs"]["FineTuning"], "measuring": schema["$defs"]["Measuring"],
        "recipe": pydantic.TypeAdapter(Recipe).json_schema(),
    }  # fmt: skip
    have, prefix = flags(), "" if name in ("plan", "recipe") else f"{name}."
    rows = [
        [
            f"`{field}`", _type(about) + _range(name, field, about), _default(about),
            f"`{flag}`" if (flag := have.get(prefix + field, "")) and name != "recipe" else "", _meaning(field, about),
        ]
        for field, about in parts[name]["properties"].items()
    ]  # fmt: skip
    kept = [i for i in range(len(HEADINGS)) if any(row[i] for row in rows)]
    return str(
        tabulate([[row[i] for i in kept] for row in rows], [HEADINGS[i] for i in kept], "github", disable_numparse=True)
    )


def _meaning(field: str, about: Mapping[str, Any]) -> str:
    text = str(about.get("description") or "")
    if not text:
        raise ValueError(f"{field} has no description in the schema: give it a docstring")
    text = " ".join(text.split()).rstrip(".")
    return (text[0].upper() + text[1:]).replace("|", "\\|")


def _type(about: Mapping[str, Any]) -> str:
    """The type as TOML has it."""
    if "$ref" in about or about.get("type") == "object":
        return "table"
    if "anyOf" in about:
        return " or ".join(_type(a) for a in about["anyOf"] if a.get("type") != "null")
    if "enum" in about:
        return ", ".join(f"`{value}`" for value in about["enum"])
    if about.get("type") == "array":
        return f"list of {_type(about['items'])}s"
    if about.get("format") == "path":
        return "path"
    return {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false"}[about["type"]]


def _range(part: str, field: str, about: Mapping[str, Any]) -> str:
    if part == "measuring" and field in LEAST:
        return f", at least {LEAST[field]:g}"
    if part == "recipe" and field in LIMITS:
        low, high = LIMITS[field]
        if low == SMALL:
            return f", above 0, up to {high:g}" if high < inf else ", above 0"
        return f", {low:g} to {high:g}" if high < inf else f", at least {low:g}"
    least = next((a["minimum"] for a in (about, *about.get("anyOf", ())) if "minimum" in a), None)
    most = next((a["maximum"] for a in (about, *about.get("anyOf", ())) if "maximum" in a), None)
    if least is not None and most is not None:
        return f", {least:g} to {most:g}"
    return "" if least is None else f", at least {least:g}"


def _default(about: Mapping[str, Any]) -> str:
    value = about.get("default")
    if value in (None, [], "", {}):
        return ""
    return f"`{json.dumps(value)}`"  # JSON's text, numbers and truth values are TOML's too


def page() -> str:
    """The text of the page with the current tables."""
    text = PAGE.read_text(encoding="utf-8")
    for name in ("plan", "finetuning", "measuring", "recipe"):
        text = replaced(text, f"fields {name}", table(name))
    return text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
