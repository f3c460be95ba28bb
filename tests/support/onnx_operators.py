"""Keeps the list of ONNX operators from one export to the next."""

from __future__ import annotations

import functools
import importlib
from typing import Any


def keep() -> None:
    """torch.onnx makes it again in each export, from the source of five hundred functions, which takes a second."""
    exporter: Any = importlib.import_module("torch.onnx._internal._lazy_import").onnxscript_apis
    exporter.get_torchlib_ops = functools.cache(lambda: type(exporter).__getattr__(exporter, "get_torchlib_ops")())
