"""Programs that load an artifact and predict with it, for each format; they run in the folder of the file.

Their lines follow PEP 8, whatever names and numbers the manifest has.
"""

from __future__ import annotations

from edgebench.choosing.feeding import fed
from edgebench.core import formats, registry
from edgebench.core.contracts import Artifact
from edgebench.core.python_lines import text, within
from edgebench.core.tasks import Activation, base_of


def of(artifact: Artifact, device: str = "cpu", engine: str = "", threads: int = 0) -> str:
    """A whole program for an artifact as it ran when it was measured.

    `device` is cpu or cuda, `engine` torch's quantized engine on that target, `threads` how many it was measured with;
    0 leaves them to the runtime. A format whose runtime has a `program` needs NumPy and its own library; others are
    loaded by EdgeBench, from the manifest beside the file.
    """
    device = "cuda" if device == "cuda" else "cpu"
    made = formats.program(artifact.format, artifact, device, engine, threads)
    if made is None:
        return "\n".join(_by_edgebench(artifact, device, threads)) + "\n"
    lines = [*made.load, "", *_records(artifact), *fed(artifact), *made.predict, *_decide(artifact)]
    return "\n".join(lines) + "\n"


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
        *_records(artifact),
        *(
            [
                "for decided in decide(session.predict(records), artifact.thresholds):",
                "    print([name for name, yes in zip(artifact.classes, decided) if yes])",
            ]
            if _activation(artifact) == "sigmoid"
            else ["answer = session.predict(records)", f"{_outputs(artifact)} = artifact.classes", *_answers(artifact)]
        ),
    ]


def _records(artifact: Artifact) -> list[str]:
    taken = artifact.input
    rate = "" if taken.rate_hz is None else f" at {taken.rate_hz:g} Hz"
    kind = "values" if taken.rate_hz is None else "signals"
    axes = ", ".join(axis if axis[-1:].isdigit() else f"{axis}s" for axis in taken.axes)
    unit = f" in {taken.unit}" if taken.unit else " (image files: 0 to 1)" if "row" in taken.axes else ""
    one = ["# This file takes one record at a time: a batch of 1."] if artifact.batch == 1 else []
    return [
        f"# Raw {kind}{text(unit)}{rate}: (batch, {text(axes)}).",
        *one,
        f"records = np.zeros(({artifact.batch or 1}, {', '.join(map(str, taken.shape))}), np.float32)  # yours here",
    ]


def _activation(artifact: Artifact) -> Activation:
    base = base_of(artifact.task)  # what the user chose over it may need a file that is not here
    return registry.task(base).activation if base else "none"


def _outputs(artifact: Artifact) -> str:
    """What the program calls the names of the outputs."""
    return "quantities" if _activation(artifact) == "none" else "classes"


def _answers(artifact: Artifact) -> list[str]:
    """Lines that show the class with the largest output, or every quantity."""
    names = _outputs(artifact)
    if _activation(artifact) == "softmax":
        return ["for largest in answer.argmax(axis=1):", f"    print({names}[largest])"]
    return ["for values in answer:", f"    print(dict(zip({names}, values.tolist())))"]


def _decide(artifact: Artifact) -> list[str]:
    if _activation(artifact) != "sigmoid":
        names = (f'"{text(name)}"' for name in artifact.classes)
        return ["", *within(f"{_outputs(artifact)} = [", names, "]"), *_answers(artifact)]
    logits = artifact.feed is None or artifact.feed.output == "logits"
    return [
        "probabilities = 1 / (1 + np.exp(-answer.astype(np.float64)))" if logits else "probabilities = answer",
        "",
        *within("classes = [", (f'"{text(name)}"' for name in artifact.classes), "]"),
        *within("thresholds = np.array([", map(repr, artifact.thresholds), "])"),
        "for decided in probabilities >= thresholds:",
        "    print([name for name, yes in zip(classes, decided) if yes])",
    ]
