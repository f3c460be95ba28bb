"""Name → plug-in, by entry points. EdgeBench's own plug-ins are found as a third party's are.

A worker looks up its runtime only, so what other kinds of plug-ins need is imported where they are looked up.
"""

from __future__ import annotations

import functools
import pkgutil
from typing import TYPE_CHECKING, Any, cast

from edgebench.core.errors import DataError, MissingPackage, MovedModule, UnknownPlugin

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from edgebench.core.datasets import DataRequest, Dataset
    from edgebench.core.options import Choices
    from edgebench.core.protocols import Architecture, Exporter, Renderer, Runtime, Variant
    from edgebench.core.tasks import Task

KINDS = {
    "datasets": "dataset",
    "dataset_sources": "dataset source",
    "tasks": "task",
    "task_sources": "task source",
    "models": "model",
    "model_sources": "model source",
    "variants": "variant",
    "exporters": "exporter",
    "runtimes": "runtime",
    "renderers": "report format",
}
MOVED = {
    **{f"edgebench.{n}": f"edgebench.core.{n}" for n in (
        "contracts", "errors", "files", "measurements", "options", "protocols", "recipe", "registry", "settings",
        "units",
    )},
    "edgebench.events": "edgebench.core.progress", "edgebench.lens": "edgebench.quantization.error",
    "edgebench.run_store": "edgebench.pipeline.run_store", "edgebench.signals": "edgebench.data.signals",
    "edgebench.statistics": "edgebench.tasks.statistics", "edgebench.structure": "edgebench.models.structure",
}  # fmt: skip
"""Modules that plug-ins of earlier versions import, and where they are now."""
UNNAMED = {"datasets": ("bundle",)}
"""Plug-ins that EdgeBench alone chooses: a bundle's records are those that `edgebench measure BUNDLE` finds in it."""
_EXTRA = {"torch": "torch", "onnxruntime": "onnx", "safetensors": "torch", "pandas": "report", "tabulate": "report"}


@functools.cache
def _entry_points(kind: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # a worker does not need it: its job names the location of the runtime

    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=f"edgebench.{kind}"):
        found.setdefault(point.name, point)
    return found


def names(kind: str) -> list[str]:
    """Names of one kind's plug-ins, in the order in which they were registered; imports none of them."""
    return list(_entry_points(kind))


def nameable(kind: str) -> list[str]:
    """Names of one kind's plug-ins that the user can choose."""
    return [name for name in names(kind) if name not in UNNAMED.get(kind, ())]


def place(kind: str, name: str) -> str:
    """Where a plug-in is, as `module:attribute`; imports nothing. Raises UnknownPlugin with the known names."""
    points = _entry_points(kind)
    if name not in points:
        raise UnknownPlugin(KINDS[kind], name, nameable(kind))
    return f"{points[name].module}:{points[name].attr}"


def load(kind: str, name: str, where: str = "") -> Any:
    """Import and return one plug-in; `where` is its `place`, where the caller knows it.

    Raises UnknownPlugin with the known names, and MissingPackage where it needs a package that is not installed.
    """
    where = where or place(kind, name)
    try:
        return pkgutil.resolve_name(where)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if new := MOVED.get(error.name or ""):
            raise MovedModule(f"the {KINDS[kind]} '{name}'", str(error.name), new) from error
        if package in ("edgebench", ""):
            raise
        raise MissingPackage(package, _EXTRA.get(package, "all"), f"the {KINDS[kind]} '{name}'") from error


def dataset(name: str) -> Dataset:
    """The dataset of that name, or of a source of many: `path/to/file.py:FUNCTION`."""
    if ".py:" in name:
        return cast("Dataset", load("dataset_sources", "file")(name))
    return cast("Dataset", load("datasets", name))


def require_dataset(name: str) -> None:
    """Raise UnknownPlugin for a name that no dataset has; imports nothing."""
    if ".py:" not in name:
        place("datasets", name)


def require_records(name: str, request: DataRequest) -> None:
    """Run the dataset's early check for missing records, where it has one; raises DataError."""
    if check := getattr(dataset(name), "check", None):
        check(request)


def architecture(name: str) -> Architecture:
    """The architecture of that name, or of a source of many: `timm:NAME`, `path/to/file.py:FUNCTION`."""
    source, _, rest = name.partition(":")
    if ".py:" in name:
        source, rest = "file", name
    if name not in names("models") and rest and source in names("model_sources"):
        return cast("Architecture", load("model_sources", source)(rest))
    return cast("Architecture", load("models", name))


def variant(spec: str) -> Variant:
    """The compression of a spec such as `none` or `l1-0.4`: its name is the part before the first number."""
    known = names("variants")
    name = max((n for n in known if spec == n or spec.startswith(f"{n}-")), key=len, default=spec)
    return cast("Variant", load("variants", name))


def exporter(spec: str) -> Exporter:
    """The exporter of a name, or of a spec with options such as `fbgemm-int8:percentile,per-tensor`."""
    from edgebench.core import options

    return cast("Exporter", load("exporters", options.split(spec)[0]))


def choices(exporter: Exporter) -> Choices:
    """The choices of an exporter's words; empty for an exporter without words."""
    return cast("Choices", getattr(exporter, "choices", {}))


def task(name: str) -> Task:
    """The task of that name; `BASE+NAME` is the task that the user chose over the records' own, see `core.tasks`."""
    from edgebench.core.tasks import OVER

    base, over, chosen = name.partition(OVER)
    if ".py:" in chosen:
        return cast("Task", load("task_sources", "file")(chosen, base))
    found = load("tasks", chosen if over else base)
    return cast("Task", found.over(task(base)) if over and base and hasattr(found, "over") else found)


def require_task(name: str) -> None:
    """Raise UnknownPlugin or DataError for a task that the user chose and that does not exist; imports nothing."""
    if ".py:" in name:
        from edgebench.core import user_code

        user_code.split(name, "task", DataError)
    elif name:
        place("tasks", name)


def runtime(name: str, where: str = "") -> Runtime:
    """The runtime of that format; `where` is its `place`, if that is known."""
    return cast("Runtime", load("runtimes", name, where))


def renderer(name: str) -> Renderer:
    """The report format of that name."""
    return cast("Renderer", load("renderers", name))
