"""int8 only where it is faster than float on this machine: the option `placement=fastest` of static exporters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgebench.core import registry
from edgebench.core.contracts import Artifact
from edgebench.core.errors import Unsupported
from edgebench.core.protocols import Exported, ExportTask
from edgebench.measuring import side_by_side

if TYPE_CHECKING:
    from torch import nn

PLACEMENT = {"placement": ("everywhere", "fastest")}
GAIN = 1.02
"""int8 that is less than so many times faster than float gives up accuracy for nothing."""
STEP = 1.01
"""The same for one part, as the whole network's gain; what is less is noise."""
SECONDS = 0.3
"""How long each file of a comparison is timed."""
REASON = "faster in float on this machine"
MOST_PARTS = 12
Export = Callable[[ExportTask], Exported]
RECORDS = 2
"""Records that calibrate a trial file, whose answers nobody reads."""


def fastest(export: Export, form: str, task: ExportTask, float_file: Path) -> Exported:
    """The network with int8 in those parts that it makes faster, each timed in int8 and in float in one process.

    `export` is the exporter's own, `form` its format, and `float_file` the same network in float. Raises Unsupported
    where int8 makes the whole less than `GAIN` times faster.
    """
    task = replace(task, options={k: v for k, v in task.options.items() if k not in PLACEMENT})
    trials, every = _Trials(export, form, task, float_file), parts(task.network)
    whole, none = frozenset(every), frozenset[str]()
    found = list(dict.fromkeys((none, _improved(trials, none, every), _improved(trials, whole, every))))
    dense, everywhere, *others = trials.times(whole, *found)
    floats, latency = min(zip(found, (everywhere, *others), strict=True), key=lambda pair: pair[1])
    if dense < GAIN * latency:
        raise Unsupported(f"int8 of no part makes the network {GAIN:g} times faster on this machine; ship float")
    note = (
        f"int8 where it is faster on this machine with {trials.threads} threads: {dense / latency:.2f} times as fast "
        f"as float, {everywhere / latency:.2f} times as fast as int8 everywhere"
    )
    made = export(replace(task, floats={**task.floats, **dict.fromkeys(sorted(floats), REASON)}))
    return replace(made, notes=(*made.notes, note))


def _improved(trials: _Trials, floats: frozenset[str], every: Sequence[str]) -> frozenset[str]:
    """From some parts in float to a faster choice: part by part, the one that gains most alone first.

    What a part gains depends on its neighbours, since each border between int8 and float costs a conversion; so each
    step is timed again beside the best so far.
    """
    base, *alone = trials.times(floats, *(floats ^ {part} for part in every))
    gains = sorted(((base / one, part) for part, one in zip(every, alone, strict=True)), reverse=True)
    for gain, part in gains:
        if gain < STEP:
            break
        before, after = trials.times(floats, floats ^ {part})
        if after * STEP <= before:
            floats ^= {part}
    return floats


def parts(network: nn.Module) -> list[str]:
    """Paths of at most `MOST_PARTS` modules that together have all weights; the largest are divided first."""
    found = _children(network, "")
    while True:
        inner = {path: _children(network.get_submodule(path), f"{path}.") for path in found}
        room = [path for path in found if 1 < len(inner[path]) <= MOST_PARTS - len(found) + 1]
        if not room:
            return found
        largest = max(room, key=lambda path: _weights(network.get_submodule(path)))
        place = found.index(largest)
        found[place : place + 1] = inner[largest]


def _children(module: nn.Module, prefix: str) -> list[str]:
    """Paths of the direct children that have weights; of an only child, its own."""
    found = [(name, child) for name, child in module.named_children() if _weights(child)]
    if len(found) == 1 and (deeper := _children(found[0][1], f"{prefix}{found[0][0]}.")):
        return deeper
    return [f"{prefix}{name}" for name, _ in found]


def _weights(module: nn.Module) -> int:
    """Values in matrices and kernels."""
    return sum(p.numel() for p in module.parameters() if p.ndim > 1)


class _Trials:
    """Files with some parts in float, each made once, from few records."""

    def __init__(self, export: Export, form: str, task: ExportTask, float_file: Path) -> None:
        from edgebench.measuring import environment

        self._export, self._form, self._task, self._float = export, form, task, float_file
        self.threads = int(environment.machine()["cores"])
        self._few = [one[:RECORDS] for one in (task.calibration(), *task.calibration_further())]
        self._home = task.scratch / f"{task.folder.name}-trials"
        self._home.mkdir()
        self._records = [self._home / f"{number}.npy" for number in range(len(self._few))]
        for path, values in zip(self._records, self._few, strict=True):
            np.save(path, values)
        self._made: dict[frozenset[str], Exported] = {}

    def times(self, *in_float: frozenset[str]) -> list[float]:
        """The latency in seconds of the files with these parts in float, side by side."""
        first, files = self._with(frozenset()), [self._with(floats) for floats in in_float]
        form = first.format or self._form
        artifact = Artifact(
            model="", variant="none", exporter="", format=form, precision="int8", file="", sha256="",
            file_size_bytes=0, classes=(), thresholds=(), input=self._task.input, parameters=None, sparsity=None,
            model_sha256="", further=self._task.further, task="", fixed_batch=first.fixed_batch,
        )  # fmt: skip
        paths, place = [one.file for one in files], registry.place("runtimes", form)
        return side_by_side.latencies(artifact, paths, self._records, place, self.threads, SECONDS)

    def _with(self, floats: frozenset[str]) -> Exported:
        if floats not in self._made:
            folder = self._home / str(len(self._made))
            folder.mkdir()
            trial = replace(
                self._task, folder=folder, floats={**self._task.floats, **dict.fromkeys(floats, REASON)},
                calibration=lambda: self._few[0], calibration_further=lambda: tuple(self._few[1:]),
            )  # fmt: skip
            try:
                self._made[floats] = self._export(trial)
            except Unsupported:
                if not floats:
                    raise
                self._made[floats] = replace(self._with(frozenset()), file=self._float)  # nothing is left in int8
        return self._made[floats]
