"""Does `edgebench optimize` find a better artifact than others do in the same time?

    python benchmarks/optimize_against_others.py resnet1d --dataset ptbxl --data-dir ptbxl --budget 20m -o compared

The same model, bound and budget go to

- `edgebench optimize`;
- random search over the same space, with the same trials and the same final run;
- NNCF's `quantize_with_accuracy_control` on OpenVINO's model, calibrated and scored on the same records, where it is
  installed; it ends when it is done;
- Olive's search over its pass OnnxStaticQuantization, calibrated and scored on the same records, where the command
  `olive` is there. (`olive optimize` calibrates on texts; Olive 0.12.1 and 0.13.0 could not write their own search.)

What each one chose is then measured in one run on the test records. Exits with 1 where another is significantly faster
within the bound.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import olive_search
from numpy.typing import NDArray

import edgebench
from edgebench.artifacts import manifests
from edgebench.choosing import limits, pareto
from edgebench.choosing.recommendation import recommend
from edgebench.core import artifact_files, class_order, registry, units
from edgebench.core.contracts import Artifact, Split
from edgebench.core.datasets import RecordSet
from edgebench.core.measurements import Run
from edgebench.core.progress import ProgressReporter
from edgebench.core.serialization import to_json
from edgebench.data.stored import Values
from edgebench.optimization import budget, request
from edgebench.optimization.request import Request
from edgebench.optimization.search import search
from edgebench.optimization.space import UNCHANGED, Space
from edgebench.optimization.tuning import FIRST_EPOCHS, TIMES
from edgebench.pipeline import records, run_store
from edgebench.pipeline.trials import Batch, Step, all_trials

OURS = "optimize"
SPLITS: tuple[Split, Split] = ("calibration", "validation")
TOGETHER = 4


@dataclass(frozen=True)
class Found:
    """What one way chose."""

    manifest: Path | None
    seconds: float
    note: str = ""


class Reporter(ProgressReporter):
    """Prints the notes."""

    def note(self, text: str) -> None:
        print(f"  {text}", flush=True)


def random_step(asked: Request, space: Space, batches: Sequence[Batch], validation: int) -> Step | None:
    """Uniform draws of compression, epochs, exporter and options, until no time is left."""
    if not batches:
        return Step("survey", (UNCHANGED,), ("eager", asked.baseline))
    left = budget.of(asked, batches, validation)
    if batches[-1].reason or left.left_s < 2 * left.trial_s * TOGETHER:
        return None
    draw = random.Random(asked.seed + len(batches))
    specs = [one for name in space.exporters for one in space.specs(name)]
    tried = {t.key for t in all_trials(batches)}
    if space.structures and draw.random() < 0.5:
        epochs = FIRST_EPOCHS * TIMES ** draw.randrange(3)
        return Step("tune", (draw.choice(space.structures),), tuple(draw.sample(specs, min(2, len(specs)))), epochs)
    new = [one for one in specs if (UNCHANGED, one, 0) not in tried]
    return Step("options", (UNCHANGED,), tuple(draw.sample(new, min(TOGETHER, len(new))))) if new else None


def chosen(run: Run) -> Path | None:
    """The manifest of the artifact that a run recommends."""
    found = next((answer for answer in recommend(run) if answer.chosen), None)
    return found.path.parent / manifests.MANIFEST if found and found.path else None


def by_nncf(asked: Request, exported: Path, output: Path) -> Found:
    """NNCF's own way to int8 within a bound; the result beside a copy of the float artifact's manifest."""
    import nncf
    import openvino

    begun = time.monotonic()
    stored = manifests.read(exported / "openvino" / manifests.MANIFEST)
    artifact = stored.artifact
    calibration, validation = _records(asked, artifact)
    task, core = registry.task(artifact.task), openvino.Core()
    metric = task.metrics(len(artifact.classes), validation.unit)[0]

    def batches(signals: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        return [signals[i : i + 1] for i in range(len(signals))]

    def score(model: Any, items: Iterable[NDArray[np.float32]]) -> tuple[float, None]:
        compiled = model if isinstance(model, openvino.CompiledModel) else core.compile_model(model, "CPU")
        outputs = np.concatenate([compiled(item)[0] for item in items])
        rows = validation.labels[: len(outputs)]
        return float(metric.goodness(task.score(rows, outputs, artifact.thresholds, None)[metric.name][0])), None

    quantized = nncf.quantize_with_accuracy_control(
        core.read_model(str(stored.path)), nncf.Dataset(batches(Values(calibration.input)[:])),
        nncf.Dataset(batches(Values(validation.input)[:])), score, max_drop=_drop(asked, metric.usual_drop(1)),
    )  # fmt: skip
    output.mkdir(parents=True, exist_ok=True)
    openvino.save_model(quantized, str(output / "model.xml"), compress_to_fp16=False)
    files = [output / "model.xml", output / "model.bin"]
    return Found(_described(artifact, "nncf", files), time.monotonic() - begun)


def by_olive(asked: Request, exported: Path, output: Path) -> Found:
    """Olive's own search on the ONNX file, calibrated and scored on the same records."""
    begun, stored = time.monotonic(), manifests.read(exported / "onnx" / manifests.MANIFEST)
    calibration, validation = _records(asked, stored.artifact)
    metric = registry.task(stored.artifact.task).metrics(len(stored.artifact.classes), validation.unit)[0]
    path, why = olive_search.searched(
        stored, calibration, validation, output, asked.budget_s, _drop(asked, metric.usual_drop(1))
    )
    if path is None:
        return Found(None, time.monotonic() - begun, why)
    shutil.copy(path, output / "model.onnx")
    return Found(_described(stored.artifact, "olive", [output / "model.onnx"]), time.monotonic() - begun)


def _records(asked: Request, artifact: Artifact) -> tuple[RecordSet, RecordSet]:
    """The records to calibrate on, and those to score on."""
    found = (records.load(asked.plan, split, ProgressReporter()) for split in SPLITS)
    calibration, validation = (class_order.labelled_for(one, artifact.classes) for one in found)
    return calibration, validation


def _drop(asked: Request, usual: float) -> float:
    given = asked.plan.measure.policy.max_drop
    return usual if given is None else given


def _described(artifact: Artifact, name: str, files: Sequence[Path]) -> Path:
    """Write the manifest of another's file, with classes and thresholds of the network."""
    made = replace(artifact, exporter=name, precision="int8", notes=(), **artifact_files.described(files))
    path = files[0].with_name(manifests.MANIFEST)
    path.write_text(to_json(made, indent=2) + "\n")
    return path


def main() -> int:
    """Search in each way, measure what they chose, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--dataset", default="demo")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--budget", default="10m")
    parser.add_argument("--max-drop", type=float, default=0.01)
    parser.add_argument("--prefer", default="latency")
    parser.add_argument("--exporter", action="append")
    parser.add_argument("--no-fine-tune", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, default=Path("compared"))
    args = parser.parse_args()
    values: dict[str, Any] = {
        "dataset": args.dataset, "policy": {"max_drop": args.max_drop, "prefer": args.prefer},
        **({"data_dir": args.data_dir} if args.data_dir else {}),
        **({"exporters": tuple(args.exporter)} if args.exporter else {}),
    }  # fmt: skip
    asked = request.of(args.model, units.span(args.budget), args.seed, not args.no_fine_tune, values)
    ways: dict[str, Callable[[Path], Found]] = {
        OURS: lambda home: _searched(asked, home),
        "random": lambda home: _searched(asked, home, random_step),
    }
    floats = tuple(name for name in ("eager", "onnx", "openvino") if name != "openvino" or _has("openvino"))
    data = {k: v for k, v in values.items() if k in ("dataset", "data_dir")}
    edgebench.export(args.model, floats, args.output / "float", **data)
    exported = next((args.output / "float").glob("*/none"))
    if _has("nncf"):
        ways["nncf"] = lambda home: by_nncf(asked, exported, home)
    if shutil.which("olive"):
        ways["olive"] = lambda home: by_olive(asked, exported, home)
    found = {}
    for name, way in ways.items():
        print(name, flush=True)
        found[name] = way(args.output / name)
    return report(asked, found, exported, args.output)


def _searched(asked: Request, home: Path, plan: Callable[..., Step | None] | None = None) -> Found:
    begun = time.monotonic()
    run = search(asked, home, False, Reporter(), *([plan] if plan else []))
    return Found(chosen(run), time.monotonic() - begun)


def _has(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def report(asked: Request, found: dict[str, Found], exported: Path, output: Path) -> int:
    """Measure what was chosen in one run; print and store the table."""
    paths, texts = [exported / "eager" / manifests.MANIFEST], {}
    for name, one in found.items():
        if one.manifest:
            artifact = manifests.record(one.manifest)
            texts[name] = f"{artifact.exporter} · {artifact.variant}"
            home = output / "chosen" / name
            shutil.copytree(one.manifest.parent, home)
            made = replace(artifact, exporter=name, variant=UNCHANGED)  # a run has one of each name
            (home / manifests.MANIFEST).write_text(to_json(made, indent=2) + "\n")
            paths.append(home / manifests.MANIFEST)
    measure = asked.plan.measure
    run = edgebench.measure(
        paths, output / "run", targets=measure.targets, dataset=measure.dataset, policy=measure.policy,
        **({"data_dir": measure.data_dir} if measure.data_dir else {}),
    )  # fmt: skip
    rows = {m.cell.exporter: m for m in run_store.read(Path(run.folder)).measurements}
    table, worse = [], []
    ours = rows.get(OURS)
    for name, one in found.items():
        m = rows.get(name)
        score = m.scores.primary if m and m.scores else None
        table.append({
            "way": name, "artifact": texts.get(name, one.note), "minutes": round(one.seconds / 60, 1),
            "size": units.size(m.artifact.file_size_bytes if m and m.artifact else None),
            "latency": units.duration(m.latency.p50_s if m and m.latency else None),
            "drop": None if score is None or score.drop is None else round(score.drop, 4),
        })  # fmt: skip
        if ours and m and m is not ours and not limits.lost(m, measure.policy):
            worse += [name] if pareto.significant([m, ours], "latency")[0, 1] < 0 else []
    for row in table:
        print("  ".join(f"{key} {value}" for key, value in row.items()))
    (output / "compared.json").write_text(json.dumps(table, indent=1) + "\n")
    print(f"significantly faster than {OURS}, within the bound: {', '.join(worse) or 'none'}")
    return 1 if worse or ours is None else 0


if __name__ == "__main__":
    sys.exit(main())
