"""The options that commands share: each field of a plan has its flag."""

from __future__ import annotations

from typer.main import get_command

from edgebench.cli import app as app_module
from edgebench.cli.options import FLAGS, flag_of
from edgebench.pipeline.plan import FIELDS


def test_every_field_of_a_plan_has_a_flag() -> None:
    """So that an error can name it; the policy, and how long a wait for coolness may be, are for plans only."""
    command = get_command(app_module.app).commands["run"]  # type: ignore[attr-defined]
    known = {name for parameter in command.params for name in parameter.opts}
    tables = {"finetuning": ("epochs", "qat_epochs", "rounds", "recipe")}
    places = [name for name in FIELDS if name not in ("finetuning", "measuring", "policy")]
    places += [f"{table}.{field}" for table, fields in tables.items() for field in fields]
    assert {flag_of(place) for place in places} <= known
    assert set(FLAGS.values()) <= known
    assert flag_of("finetuning.recipe.epochs") == "--finetune-set"
    assert flag_of("exporters.0") == "--exporter"
