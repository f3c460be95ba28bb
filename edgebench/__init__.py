"""EdgeBench: export trained networks, measure each artifact on the device, and say which one to ship."""

TYPE_CHECKING = False
"""Not of `typing`, which `python -m edgebench` would look for in the working directory."""

__version__ = "0.1.0"

if TYPE_CHECKING:
    from edgebench.api import bundle, export, measure, recommend, report, run, train
    from edgebench.choosing.comparison import compare
    from edgebench.choosing.gate import gate
    from edgebench.core.contracts import Artifact, Target
    from edgebench.core.errors import EdgeBenchError
    from edgebench.core.measurements import Measurement, Run
    from edgebench.core.metrics import Metric
    from edgebench.data.ptbxl.fetch import fetch
    from edgebench.diagnosis import doctor, plugins
    from edgebench.pipeline.plan import Plan
    from edgebench.tasks.own import OwnMetric

_HOMES = {
    **dict.fromkeys(("bundle", "export", "measure", "recommend", "report", "run", "train"), "api"),
    **dict.fromkeys(("Artifact", "Target"), "core.contracts"),
    **dict.fromkeys(("Measurement", "Run"), "core.measurements"),
    **dict.fromkeys(("doctor", "plugins"), "diagnosis"),
    "EdgeBenchError": "core.errors",
    "Metric": "core.metrics",
    "OwnMetric": "tasks.own",
    "Plan": "pipeline.plan",
    "compare": "choosing.comparison",
    "fetch": "data.ptbxl.fetch",
    "gate": "choosing.gate",
}

__all__ = [
    "Artifact",
    "EdgeBenchError",
    "Measurement",
    "Metric",
    "OwnMetric",
    "Plan",
    "Run",
    "Target",
    "__version__",
    "bundle",
    "compare",
    "doctor",
    "export",
    "fetch",
    "gate",
    "measure",
    "plugins",
    "recommend",
    "report",
    "run",
    "train",
]


def __getattr__(name: str) -> object:
    """Import a public name where it is first used: `import edgebench` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgebench' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(f"edgebench.{_HOMES[name]}"), name)
