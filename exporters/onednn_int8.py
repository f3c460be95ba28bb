"""TorchScript in int8 for x86 processors, by oneDNN."""

from ._fx_int8 import FxInt8

EXPORTER = FxInt8("onednn-int8", "onednn", "TorchScript int8 for x86 (FX static quantization, oneDNN)")
