"""EdgeBench: export trained networks, measure each artifact on the device, and say which one to ship."""

TYPE_CHECKING = False
"""Not of `typing`, which `python -m edgebench` would look for in the working directory."""

__version__ = "0.1.0"

if TYPE_CHECKING:
    from edgebench.api import bundle, export, measure, report, run, train
    from edgebench.core.cells import Target
    from edgebench.core.contracts import Artifact
    from edgebench.core.errors import EdgeBenchError
    from edgebench.core.measurements import Measurement, Run
    from edgebench.core.metrics import Metric
    from edgebench.core.policy import Policy
    from edgebench.data.ptbxl.fetch import fetch
    from edgebench.diagnosis import doctor, plugins
    from edgebench.pipeline.plan import Plan
    from edgebench.reading import compare, explain, gate, inspect, read, recommend
    from edgebench.searching import optimize, quantize
    from edgebench.tasks.own import OwnMetric

_HOMES = {
    **dict.fromkeys(("bundle", "export", "measure", "report", "run", "train"), "api"),
    **dict.fromkeys(("compare", "explain", "gate", "inspect", "read", "recommend"), "reading"),
    **dict.fromkeys(("optimize", "quantize"), "searching"),
    "Artifact": "core.contracts",
    "Target": "core.cells",
    **dict.fromkeys(("Measurement", "Run"), "core.measurements"),
    **dict.fromkeys(("doctor", "plugins"), "diagnosis"),
    "EdgeBenchError": "core.errors",
    "Metric": "core.metrics",
    "OwnMetric": "tasks.own",
    "Plan": "pipeline.plan",
    "Policy": "core.policy",
    "fetch": "data.ptbxl.fetch",
}

__all__ = [
    "Artifact",
    "EdgeBenchError",
    "Measurement",
    "Metric",
    "OwnMetric",
    "Plan",
    "Policy",
    "Run",
    "Target",
    "__version__",
    "bundle",
    "compare",
    "doctor",
    "explain",
    "export",
    "fetch",
    "gate",
    "inspect",
    "measure",
    "optimize",
    "plugins",
    "quantize",
    "read",
    "recommend",
    "report",
    "run",
    "train",
]


def __dir__() -> list[str]:
    """The public names, whether they were imported yet or not: what Tab offers."""
    return sorted(__all__)


def __getattr__(name: str) -> object:
    """Import a public name where it is first used: `import edgebench` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgebench' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(f"edgebench.{_HOMES[name]}"), name)
