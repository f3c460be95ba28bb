"""Programs that load an artifact and predict with it, for each format; they run in the folder of the file.

Their lines follow PEP 8, whatever names and numbers the manifest has.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from edgebench.core.contracts import Artifact, IOAdapter

WIDTH = 79
"""Characters of a line by PEP 8."""


def of(artifact: Artifact, device: str = "cpu", engine: str = "", threads: int = 0) -> str:
    """A whole program for an artifact as it ran when it was measured.

    `device` is cpu or cuda, `engine` torch's quantized engine on that target, `threads` how many it was measured with;
    0 leaves them to the runtime. The formats onnx and torchscript need NumPy and their own runtime; others are loaded
    by EdgeBench, from the manifest beside the file.
    """
    device = "cuda" if device == "cuda" else "cpu"
    if artifact.format == "onnx":
        lines = _onnx(artifact, device, threads)
    elif artifact.format == "torchscript":
        quantized = artifact.precision != "fp32"
        lines = _torchscript(artifact, device, (artifact.engine or engine) if quantized else "", threads)
    else:
        return "\n".join(_by_edgebench(artifact, device, threads)) + "\n"
    return "\n".join([*lines, *_decide(artifact)]) + "\n"


def _onnx(artifact: Artifact, device: str, threads: int) -> list[str]:
    provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    limited = [f"options.intra_op_num_threads = {threads}  # as measured"] if threads else []
    file = f'"{_text(artifact.file)}"'
    return [
        "import numpy as np",
        "import onnxruntime",
        "",
        "options = onnxruntime.SessionOptions()",
        *limited,
        *_within("session = onnxruntime.InferenceSession(", [file, "options", f'providers=["{provider}"]'], ")"),
        "",
        *_signals(artifact),
        *_fed(artifact.feed),
        "(answer,) = session.run(None, {session.get_inputs()[0].name: signals})",
    ]


def _torchscript(artifact: Artifact, device: str, engine: str, threads: int) -> list[str]:
    before = [f"torch.set_num_threads({threads})  # as measured"] if threads else []
    if engine:
        before.append(f'torch.backends.quantized.engine = "{_text(engine)}"  # int8 runs under whichever is set')
    moved, back = ('.to("cuda")', ".cpu()") if device == "cuda" else ("", "")
    return [
        "import numpy as np",
        "import torch",
        "",
        *before,
        *_within("module = torch.jit.load(", [f'"{_text(artifact.file)}"', f'map_location="{device}"'], ")"),
        "",
        *_signals(artifact),
        *_fed(artifact.feed),
        "with torch.inference_mode():",
        f"    answer = module(torch.from_numpy(signals){moved}){back}.numpy()",
    ]


def _by_edgebench(artifact: Artifact, device: str, threads: int) -> list[str]:
    return [
        "from pathlib import Path",
        "",
        "import numpy as np",
        "",
        "from edgebench.artifacts import manifests",
        "from edgebench.core import registry",
        "from edgebench.tasks.statistics import decide",
        "",
        "# This file, next to the other one, describes how the network is built.",
        'stored = manifests.read(Path("manifest.json"))',
        "artifact = stored.artifact",
        "runtime = registry.runtime(artifact.format)",
        f"runtime.start({threads or 1}, artifact.engine)",
        f'session = runtime.load(stored.path, artifact, "{device}")',
        "",
        *_signals(artifact),
        "for decided in decide(session.predict(signals), artifact.thresholds):",
        "    print([name for name, yes in zip(artifact.classes, decided) if yes])",
    ]


def _signals(artifact: Artifact) -> list[str]:
    leads, samples = artifact.input.shape
    one = ["# This file takes one record at a time: a batch of 1."] if artifact.feed and artifact.feed.single else []
    return [
        f"# Raw signals in {_text(artifact.input.unit)} at {artifact.input.rate_hz} Hz: (batch, leads, samples).",
        *one,
        f"signals = np.zeros((1, {leads}, {samples}), np.float32)  # yours here",
    ]


def _fed(feed: IOAdapter | None) -> list[str]:
    """How the signals have to be prepared for an imported file."""
    lines = []
    if feed and feed.mean:
        lines += [
            *_within("mean = np.float32([", map(repr, feed.mean), "])"),
            *_within("std = np.float32([", map(repr, feed.std), "])"),
            "signals = (signals - mean[:, None]) / std[:, None]",
        ]
    if feed and feed.layout == "samples-first":
        lines.append("signals = np.ascontiguousarray(signals.transpose(0, 2, 1))")
    return lines


def _decide(artifact: Artifact) -> list[str]:
    logits = artifact.feed is None or artifact.feed.output == "logits"
    return [
        "probabilities = 1 / (1 + np.exp(-answer.astype(np.float64)))" if logits else "probabilities = answer",
        "",
        *_within("classes = [", (f'"{_text(name)}"' for name in artifact.classes), "]"),
        *_within("thresholds = np.array([", map(repr, artifact.thresholds), "])"),
        "for decided in probabilities >= thresholds:",
        "    print([name for name, yes in zip(classes, decided) if yes])",
    ]


def _within(start: str, items: Iterable[str], end: str) -> list[str]:
    """Items in brackets, on one line if they fit, otherwise on as few more lines as possible."""
    items = list(items)
    line = start + ", ".join(items) + end
    if len(line) <= WIDTH:
        return [line]
    # Do not fold at a space inside an item: a character that no source text has takes its place.
    joined = ", ".join(item.replace(" ", "\0") for item in items)
    folded = textwrap.wrap(joined, WIDTH - 5, break_long_words=False, break_on_hyphens=False)
    if len(folded) > 1:
        folded[-1] += ","
    return [start, *(f"    {part}".replace("\0", " ") for part in folded), end]


def _text(text: str) -> str:
    """Text from a manifest, safe inside a string literal or a comment."""
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
