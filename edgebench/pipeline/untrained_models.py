"""Models with random weights of a plan's architectures, made once before the run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from edgebench.artifacts.untrained import UntrainedRequest
from edgebench.core import registry
from edgebench.core.errors import ModelError, PlanError, UnknownPlugin
from edgebench.core.expected import Expected
from edgebench.core.files import safe, safe_name
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import to_dict
from edgebench.isolation.process import ChildError, ask
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
    build: BuildPlan, wanted: Expected, folder: Path, seed: int, timeout_s: float, reporter: ProgressReporter
) -> dict[str, str]:
    """The manifest of each model by its name; models and weights go into `folder`.

    Raises ModelError for the first architecture that cannot be built for such records, PlanError where two models
    have one name.
    """
    for spec in build.own_models:
        own.trust(spec)
    left, found = _names(build), dict[str, str]()
    reporter.stage("make random weights", len(left))
    while left:
        request = UntrainedRequest(left, str(folder), wanted, seed)
        reporter.begin(next(iter(left)))
        try:
            for answer in ask("edgebench.artifacts.untrained", to_dict(request), timeout_s):
                if "error" in answer:
                    raise ModelError(answer["error"])
                spec = answer["spec"]
                left.pop(spec)
                if (name := safe(answer["manifest"])) in found:
                    raise PlanError(f"models: two have the name '{name}'; set another name in the network's TOML file")
                found[name] = answer["manifest"]
                reporter.step(spec)
                if left:
                    reporter.begin(next(iter(left)))
        except ChildError as error:
            raise ModelError(f"{next(iter(left), build.models[-1])}: {error}") from None
        if left:
            raise ModelError(f"{next(iter(left))}: ended its process before it returned a network")
    return found


def _names(build: BuildPlan) -> dict[str, str]:
    """Each architecture with the name of its model: functions of one file have different names."""
    files = Counter(spec.rpartition(":")[0] for spec in build.own_models)
    found = {}
    for spec in build.models:
        file, _, function = spec.rpartition(":")
        found[spec] = safe_name(f"{Path(file).stem}-{function}") if files[file] > 1 else ""
    return found
