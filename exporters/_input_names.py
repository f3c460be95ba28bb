"""The names of an exported graph's inputs."""

from __future__ import annotations

from edgebench.core.protocols import ExportTask

FIRST, OUTPUT = "signals", "logits"


def names(task: ExportTask) -> list[str]:
    """`signals`, then the further inputs by their names in the dataset."""
    return [FIRST, *(f"{name}_input" if name in (FIRST, OUTPUT) else name for name in task.further)]
