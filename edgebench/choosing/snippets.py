"""Programs that load an artifact and predict with it, for each format; they run in the folder of the file.

Their lines follow PEP 8, whatever names and numbers the manifest has.
"""

from __future__ import annotations

from edgebench.choosing.feeding import fed, run_onnx, run_torchscript
from edgebench.choosing.python_lines import text, within
from edgebench.core import registry
from edgebench.core.contracts import Artifact
from edgebench.core.tasks import Activation, base_of


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
    file = f'"{text(artifact.file)}"'
    return [
        "import numpy as np",
        "import onnxruntime",
        "",
        "options = onnxruntime.SessionOptions()",
        *limited,
        *within("session = onnxruntime.InferenceSession(", [file, "options", f'providers=["{provider}"]'], ")"),
        "",
        *_signals(artifact),
        *fed(artifact),
        *run_onnx(artifact.feed, artifact.further),
    ]


def _torchscript(artifact: Artifact, device: str, engine: str, threads: int) -> list[str]:
    before = [f"torch.set_num_threads({threads})  # as measured"] if threads else []
    if engine:
        before.append(f'torch.backends.quantized.engine = "{text(engine)}"  # int8 runs under whichever is set')
    moved, back = ('.to("cuda")', ".cpu()") if device == "cuda" else ("", "")
    return [
        "import numpy as np",
        "import torch",
        "",
        *before,
        *within("module = torch.jit.load(", [f'"{text(artifact.file)}"', f'map_location="{device}"'], ")"),
        "",
        *_signals(artifact),
        *fed(artifact),
        *run_torchscript(artifact.feed, artifact.further, moved, back),
    ]


def _by_edgebench(artifact: Artifact, device: str, threads: int) -> list[str]:
    return [
        "from pathlib import Path",
        "",
        "import numpy as np",
        "",
        "from edgebench.artifacts import manifests",
        "from edgebench.core import registry",
        *(["from edgebench.tasks.statistics import decide"] if _activation(artifact) == "sigmoid" else []),
        "",
        "# This file, next to the other one, describes how the network is built.",
        'stored = manifests.read(Path("manifest.json"))',
        "artifact = stored.artifact",
        "runtime = registry.runtime(artifact.format)",
        f"runtime.start({threads or 1}, artifact.engine)",
        f'session = runtime.load(stored.path, artifact, "{device}")',
        "",
        *_signals(artifact),
        *(
            [
                "for decided in decide(session.predict(signals), artifact.thresholds):",
                "    print([name for name, yes in zip(artifact.classes, decided) if yes])",
            ]
            if _activation(artifact) == "sigmoid"
            else ["answer = session.predict(signals)", "classes = artifact.classes", *_answers(artifact)]
        ),
    ]


def _signals(artifact: Artifact) -> list[str]:
    taken = artifact.input
    rate = "" if taken.rate_hz is None else f" at {taken.rate_hz:g} Hz"
    kind = "values" if taken.rate_hz is None else "signals"
    axes = ", ".join(f"{axis}s" for axis in taken.axes)
    one = ["# This file takes one record at a time: a batch of 1."] if artifact.feed and artifact.feed.single else []
    return [
        f"# Raw {kind}{text(f' in {taken.unit}' if taken.unit else '')}{rate}: (batch, {text(axes)}).",
        *one,
        f"signals = np.zeros((1, {', '.join(map(str, taken.shape))}), np.float32)  # yours here",
    ]


def _activation(artifact: Artifact) -> Activation:
    base = base_of(artifact.task)  # what the user chose over it may need a file that is not here
    return registry.task(base).activation if base else "none"


def _answers(artifact: Artifact) -> list[str]:
    """Lines that show the class with the largest output, or every quantity."""
    if _activation(artifact) == "softmax":
        return ["for largest in answer.argmax(axis=1):", "    print(classes[largest])"]
    return ["for values in answer:", "    print(dict(zip(classes, values.tolist())))"]


def _decide(artifact: Artifact) -> list[str]:
    if _activation(artifact) != "sigmoid":
        names = (f'"{text(name)}"' for name in artifact.classes)
        return ["", *within("classes = [", names, "]"), *_answers(artifact)]
    logits = artifact.feed is None or artifact.feed.output == "logits"
    return [
        "probabilities = 1 / (1 + np.exp(-answer.astype(np.float64)))" if logits else "probabilities = answer",
        "",
        *within("classes = [", (f'"{text(name)}"' for name in artifact.classes), "]"),
        *within("thresholds = np.array([", map(repr, artifact.thresholds), "])"),
        "for decided in probabilities >= thresholds:",
        "    print([name for name, yes in zip(classes, decided) if yes])",
    ]
