"""TorchScript in int8 for x86 processors, by FBGEMM's kernels."""

from ._fx_int8 import FxInt8

EXPORTER = FxInt8("fbgemm-int8", "fbgemm", "TorchScript int8 for x86 (FX static quantization, FBGEMM)")
