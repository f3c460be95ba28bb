"""Run inside the root by `root.sh check`: it imports the runtimes and compares QNNPACK's int8 with NumPy's integers."""

import platform

import numpy as np
import onnxruntime
import psutil
import torch

engines = torch.backends.quantized.supported_engines
if platform.machine() != "aarch64" or "qnnpack" not in engines:
    raise SystemExit(f"not an ARM system with QNNPACK: {platform.machine()}, engines {engines}")
torch.backends.quantized.engine = "qnnpack"
torch.set_num_threads(1)

rng = np.random.default_rng(0)
x, w = rng.integers(0, 256, (8, 12, 100), np.uint8), rng.integers(-128, 128, (16, 12, 5), np.int8)
scale_x, zero_x, scale_w, scale_y, zero_y = 0.02, 120, 0.01, 0.11, 128
taps = np.lib.stride_tricks.sliding_window_view(x.astype(np.int64) - zero_x, 5, axis=2)
sums = np.einsum("bclk,ock->bol", taps, w.astype(np.int64))
expected = np.clip(np.rint(sums * (scale_x * scale_w / scale_y)) + zero_y, 0, 255)

weight = torch._make_per_tensor_quantized_tensor(torch.from_numpy(w), scale_w, 0)
signal = torch._make_per_tensor_quantized_tensor(torch.from_numpy(x), scale_x, zero_x)
packed = torch.ops.quantized.conv1d_prepack(weight, None, [1], [0], [1], 1)
found = torch.ops.quantized.conv1d(signal, packed, scale_y, zero_y).int_repr().numpy().astype(np.int64)
apart = int(np.abs(found - expected).max())
if found.std() < 10 or apart > 1:  # a tie may be rounded either way
    raise SystemExit(f"QNNPACK's convolution is {apart} steps from NumPy's integers")
print(f"{platform.machine()}, Python {platform.python_version()}, {psutil.cpu_count()} cores, NumPy {np.__version__}")
print(f"onnxruntime {onnxruntime.__version__}: {', '.join(onnxruntime.get_available_providers())}")
print(f"torch {torch.__version__}: engines {', '.join(engines)}; int8 convolution within {apart} of NumPy's integers")
