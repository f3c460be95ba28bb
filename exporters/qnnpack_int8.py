"""TorchScript in int8 for ARM processors, by QNNPACK's kernels."""

from ._fx_int8 import FxInt8

EXPORTER = FxInt8("qnnpack-int8", "qnnpack", "TorchScript int8 for ARM (FX static quantization, QNNPACK)")
