"""torch's quantized engines: the libraries whose kernels compute int8."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from edgebench.core.errors import Unsupported

SEVEN_BIT_ENGINES = ("fbgemm", "x86", "onednn")
"""Engines whose kernels add two products in 16 bits on processors without VNNI: only 7-bit activations fit."""


@contextmanager
def engine_set(engine: str) -> Iterator[None]:
    """Select a quantized engine for a block, without torch.ao's warnings; raises Unsupported where torch lacks it."""
    if engine not in torch.backends.quantized.supported_engines:
        raise Unsupported(f"this torch has no quantized engine '{engine}'")
    before = torch.backends.quantized.engine
    torch.backends.quantized.engine = engine
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.backends.quantized.engine = before


def any_engine() -> str:
    """An available engine, for an export that belongs to none; all of them round like ONNX Runtime."""
    for engine in ("fbgemm", "qnnpack"):
        if engine in torch.backends.quantized.supported_engines:
            return engine
    raise Unsupported("this torch has no quantized engine; install a build with FBGEMM or QNNPACK")
