"""Programs that load an artifact and decide with it, one for each format; they run in the folder of the file."""

from __future__ import annotations

from collections.abc import Sequence

from edgebench.contracts import Artifact, Feed


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
    held = [f"options.intra_op_num_threads = {threads}  # as measured"] if threads else []
    return [
        "import numpy as np",
        "import onnxruntime",
        "",
        "options = onnxruntime.SessionOptions()",
        *held,
        "session = onnxruntime.InferenceSession(",
        f'    "{_text(artifact.file)}", options, providers=["{provider}"]',
        ")",
        "",
        *_signals(artifact),
        *_fed(artifact.feed),
        "(answer,) = session.run(None, {session.get_inputs()[0].name: signals})",
    ]


def _torchscript(artifact: Artifact, device: str, engine: str, threads: int) -> list[str]:
    before = [f"torch.set_num_threads({threads})  # as measured"] if threads else []
    if engine:
        before.append(f'torch.backends.quantized.engine = "{_text(engine)}"  # int8 runs under whichever is set')
    return [
        "import numpy as np",
        "import torch",
        "",
        *before,
        f'module = torch.jit.load("{_text(artifact.file)}", map_location="{device}")',
        "",
        *_signals(artifact),
        *_fed(artifact.feed),
        "with torch.inference_mode():",
        f'    answer = module(torch.from_numpy(signals).to("{device}")).cpu().numpy()',
    ]


def _by_edgebench(artifact: Artifact, device: str, threads: int) -> list[str]:
    return [
        "from pathlib import Path",
        "",
        "import numpy as np",
        "",
        "from edgebench import artifacts, registry",
        "from edgebench.statistics import decide",
        "",
        f"# Keep manifest.json beside {_text(artifact.file)}: it says how the network is built.",
        'built = artifacts.read(Path("manifest.json"))',
        "artifact = built.artifact",
        "runtime = registry.runtime(artifact.format)",
        f"runtime.start({threads or 1}, artifact.engine)",
        f'session = runtime.load(built.path, artifact, "{device}")',
        "",
        *_signals(artifact),
        "for decided in decide(session.predict(signals), artifact.thresholds):",
        "    print([name for name, yes in zip(artifact.classes, decided) if yes])",
    ]


def _signals(artifact: Artifact) -> list[str]:
    leads, samples = artifact.input.shape
    return [
        f"# Raw signals in {_text(artifact.input.unit)} at {artifact.input.rate_hz} Hz: (batch, leads, samples).",
        f"signals = np.zeros((1, {leads}, {samples}), np.float32)  # yours here",
    ]


def _fed(feed: Feed | None) -> list[str]:
    """What a file that was not exported by EdgeBench needs done to its signals."""
    lines = []
    if feed and feed.mean:
        lines += [
            f"mean, std = np.float32({_numbers(feed.mean)}), np.float32({_numbers(feed.std)})",
            "signals = (signals - mean[:, None]) / std[:, None]",
        ]
    if feed and feed.layout == "samples-first":
        lines.append("signals = np.ascontiguousarray(signals.transpose(0, 2, 1))")
    return lines


def _decide(artifact: Artifact) -> list[str]:
    logits = artifact.feed is None or artifact.feed.output == "logits"
    names = ", ".join(f'"{_text(name)}"' for name in artifact.classes)
    return [
        "probabilities = 1 / (1 + np.exp(-answer.astype(np.float64)))" if logits else "probabilities = answer",
        "",
        f"classes = [{names}]",
        f"thresholds = np.array({_numbers(artifact.thresholds)})",
        "for decided in probabilities >= thresholds:",
        "    print([name for name, yes in zip(classes, decided) if yes])",
    ]


def _numbers(values: Sequence[float]) -> str:
    return "[" + ", ".join(f"{value!r}" for value in values) + "]"


def _text(text: str) -> str:
    """Text from a manifest, inside of a string literal or a comment."""
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')
