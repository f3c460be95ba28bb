"""Any network of timm on the image: `timm:NAME`."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from edgebench.core.errors import ModelError
from edgebench.core.recipe import Recipe

if TYPE_CHECKING:
    from edgebench.core.protocols import Architecture


def source(name: str) -> Architecture:
    """Any network of timm, on an image of the size that it was made for: timm:NAME.

    Raises ModelError where timm has no such network, MissingPackage where timm is not installed.
    """
    from edgebench.models.image import ImageArchitecture
    from edgebench.models.presets import by_timm, library

    timm = library("timm", name)
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), 3)
        raise ModelError(f"timm has no model '{name}'" + (f"; near: {', '.join(near)}" if near else ""))
    known = timm.models.get_pretrained_cfg(name)
    channels, height, width = known.input_size if known else (3, 224, 224)
    weights = f"timm:{name}" if timm.models.is_model_pretrained(name) else ""
    return ImageArchitecture(
        f"timm:{name}", Recipe.published(learning_rate=3e-4), by_timm(name), height, width, channels, weights
    )
