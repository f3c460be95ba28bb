"""Which trained models and datasets fit by task and classes: the demo of a plan that names no records, and the model
of one that names no model.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.artifacts import manifests
from edgebench.core import class_order, registry, settings
from edgebench.core.errors import EdgeBenchError
from edgebench.pipeline.plan import Plan


def demo_for(plan: Plan) -> str:
    """The embedded demo with the classes of the plan's first model or artifact; the usual one where there is none."""
    try:
        task, classes = _answers(plan)
    except EdgeBenchError:
        return settings.DATASET  # the check of the plan says what is wrong with it
    found = with_classes(task, classes) if classes else []
    demos = [name for name in found if name.startswith(settings.DATASET)]
    return demos[0] if demos else settings.DATASET


def with_classes(task: str, classes: Sequence[str]) -> list[str]:
    """The registered datasets of a task that have these classes in any order."""
    found = [registry.dataset(name) for name in registry.nameable("datasets")]
    return [d.name for d in found if d.task == task and d.classes and not class_order.mismatch(classes, d.classes, "")]


def model_for(dataset: str) -> tuple[str, ...]:
    """The usual models where they fit a dataset, otherwise the smallest shipped one that does, if any."""
    if dataset not in registry.nameable("datasets") or not registry.dataset(dataset).classes:
        return settings.MODELS
    from edgebench.models import store  # the build side's

    names = shipped_for(dataset)
    if not names or settings.MODELS[0] in names:
        return settings.MODELS
    return (min(names, key=lambda name: store.described(name).parameters),)


def for_a_demo(task: str, axes: Sequence[str]) -> str:
    """The smallest shipped model of a demo, for a task and an input with these axes; empty where there is none."""
    from edgebench.models import store  # the build side's

    found = [store.described(name) for name in store.shipped(task)]
    fit = [one for one in found if one.is_synthetic and one.input.axes == tuple(axes)]
    return min(fit, key=lambda one: one.parameters).name if fit else ""


def shipped_for(dataset: str) -> list[str]:
    """The shipped models with a dataset's task and classes; all of the task where the data decide the classes.

    A model that was trained on synthetic records is for these alone.
    """
    from edgebench.models import store  # the build side's

    wanted = registry.dataset(dataset)
    found = {name: store.described(name) for name in store.shipped(wanted.task)}
    return [
        name
        for name, manifest in found.items()
        if (not manifest.is_synthetic or manifest.trained_on == wanted.label)
        and not (wanted.classes and class_order.mismatch(manifest.classes, wanted.classes, ""))
    ]


def _answers(plan: Plan) -> tuple[str, tuple[str, ...]]:
    """Task and classes of the plan's first artifact or model; raises EdgeBenchError."""
    if plan.measure.artifacts:
        artifact = manifests.read(plan.measure.artifacts[0], plan.build.tune_thresholds).artifact
        return artifact.task, artifact.classes
    name = plan.build.models[0]
    if name in settings.MODELS or plan.build.own_models or plan.build.untrained:
        return "", ()
    from edgebench.models import store  # the build side's

    manifest = store.described(name)
    return manifest.task, manifest.classes
