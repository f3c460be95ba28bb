"""EdgeBench: export trained networks, measure each artifact on the device, and say which one to ship."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from edgebench.api import bundle, export, measure, recommend, report, run, train
    from edgebench.comparison import compare, gate
    from edgebench.contracts import Artifact, Target
    from edgebench.data.fetch import fetch
    from edgebench.diagnosis import doctor, plugins
    from edgebench.errors import EdgeBenchError
    from edgebench.measurements import Measurement, Run
    from edgebench.plan import Plan

_HOMES = {
    **dict.fromkeys(("bundle", "export", "measure", "recommend", "report", "run", "train"), "api"),
    **dict.fromkeys(("compare", "gate"), "comparison"),
    **dict.fromkeys(("Artifact", "Target"), "contracts"),
    **dict.fromkeys(("Measurement", "Run"), "measurements"),
    **dict.fromkeys(("doctor", "plugins"), "diagnosis"),
    "EdgeBenchError": "errors",
    "Plan": "plan",
    "fetch": "data.fetch",
}

__all__ = [
    "Artifact",
    "EdgeBenchError",
    "Measurement",
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


def __getattr__(name: str) -> Any:
    """Import a public name where it is first used: `import edgebench` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'edgebench' has no attribute '{name}'")
    import importlib

    return getattr(importlib.import_module(f"edgebench.{_HOMES[name]}"), name)
