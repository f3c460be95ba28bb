"""Models with random weights of a plan's architectures, made once before the run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from edgebench.artifacts.untrained import UntrainedRequest
from edgebench.core import registry
from edgebench.core.contracts import Outcome, Status
from edgebench.core.errors import ModelError, PlanError, UnknownPlugin
from edgebench.core.expected import Expected
from edgebench.core.files import safe, safe_name
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import to_dict
from edgebench.isolation.process import ChildError, ask
from edgebench.models import store
from edgebench.models.external import own
from edgebench.pipeline.plan import BuildPlan


def check(build: BuildPlan) -> None:
    """Raise ModelError or UnknownPlugin where a name is no architecture's; imports none of them."""
    for name in build.models:
        if name.endswith(".json"):
            raise ModelError(f"{name}: a trained model; with --untrained name its architecture, such as timm:resnet18")
        if name in build.own_models:
            own.split(name)
        elif name not in registry.names("models") and name.partition(":")[0] not in registry.names("model_sources"):
            raise UnknownPlugin("model", name, registry.names("models"))


def sources(
    build: BuildPlan, wanted: Expected, folder: Path, seed: int, timeout_s: float, reporter: ProgressReporter,
    unmade: dict[str, Outcome[Any]] | None = None,
) -> dict[str, str]:  # fmt: skip
    """The manifest of each model by its name; models and weights go into `folder`.

    `unmade` gets the reason of each architecture that does not fit such records or cannot be built, by its name. Raises
    ModelError where none can be, or without `unmade` for the first, and PlanError where two models have one name.
    """
    for spec in build.own_models:
        own.trust(spec)
    names, found, failed = _names(build), dict[str, str](), dict[str, Outcome[Any]]()
    left = dict(names)
    reporter.stage("make random weights", len(left))

    def failing(spec: str, status: Status, reason: str) -> None:
        left.pop(spec)
        if unmade is None:
            raise ModelError(reason)
        failed[names[spec] or safe_name(store.stem(spec))] = Outcome(status, reason)
        reporter.note(reason)
        reporter.step(spec)

    while left:
        request = UntrainedRequest(left, str(folder), wanted, seed)
        reporter.begin(next(iter(left)))
        try:
            for answer in ask("edgebench.artifacts.untrained", to_dict(request), timeout_s):
                spec = answer["spec"]
                if "error" in answer:
                    failing(spec, "failed" if answer["fits"] else "unsupported", answer["error"])
                else:
                    left.pop(spec)
                    if (name := safe(answer["manifest"])) in found:
                        raise PlanError(_twice(name))
                    found[name] = answer["manifest"]
                    reporter.step(spec)
                if left:
                    reporter.begin(next(iter(left)))
        except ChildError as error:
            if not left:
                break  # it had answered for all of them, and crashed at its exit
            spec = next(iter(left))
            failing(spec, "timeout" if error.timeout else "failed", f"{spec}: {error}")
        else:
            if left:
                spec = next(iter(left))
                failing(spec, "failed", f"{spec}: ended its process before it returned a network")
    if failed and not found:
        raise ModelError(next(iter(failed.values())).reason)
    if both := sorted(found.keys() & failed.keys()):
        raise PlanError(_twice(both[0]))
    if unmade is not None:
        unmade.update(failed)
    return found


def _twice(name: str) -> str:
    return f"models: two have the name '{name}'; set another name in the network's TOML file"


def _names(build: BuildPlan) -> dict[str, str]:
    """Each architecture with the name of its model: functions of one file have different names."""
    files = Counter(spec.rpartition(":")[0] for spec in build.own_models)
    found = {}
    for spec in build.models:
        file, _, function = spec.rpartition(":")
        found[spec] = safe_name(f"{Path(file).stem}-{function}") if files[file] > 1 else ""
    return found
