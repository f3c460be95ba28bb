"""Where the weights of the shipped models are.

The manifests of all of them, and the weights of the default model and of small ones, are in this package. The other
weights are large and no device needs them, so they are a distribution of their own: the folder weights/ of a checkout,
`edgebench-weights` where it is installed. A pair NAME.json, NAME.safetensors needs no other line: the manifest says
which task, classes and input the model is for. Its SHA-256, which `edgebench.models.store` checks, says that the two
fit.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from edgebench import __version__

MANIFESTS = Path(__file__).resolve().parent / "weights"
DISTRIBUTION = "edgebench-weights"
PACKAGE = "edgebench_weights"
CHECKOUT = Path(__file__).resolve().parents[2] / "weights" / PACKAGE
"""In a checkout; there is no such folder beside an installed package."""
INSTALL = f"install {DISTRIBUTION} {__version__} (in a checkout of EdgeBench: pip install ./weights)"


def find(file: str) -> Path | None:
    """The file of weights: beside its manifest, in the checkout or installed; None where it is nowhere."""
    return next((path for folder in _folders() if (path := folder / Path(file).name).is_file()), None)


def _folders() -> list[Path]:
    installed = importlib.util.find_spec(PACKAGE)
    return [MANIFESTS, CHECKOUT, *map(Path, (installed and installed.submodule_search_locations) or ())]
