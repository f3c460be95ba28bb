"""TorchScript in int8 for x86 processors, by FBGEMM or oneDNN, as torch chooses for operator and processor."""

from ._fx_int8 import FxInt8

EXPORTER = FxInt8("x86-int8", "x86", "TorchScript int8 for x86 (FX static quantization, oneDNN or FBGEMM)")
