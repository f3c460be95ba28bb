"""Olive's own search for `optimize_against_others.py`: its pass OnnxStaticQuantization with all that it may choose.

Olive gets a configuration and a script with the records and the score, as its documentation asks of a user. It runs in
a process of its own (`olive run`), and stops after the budget.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from edgebench.artifacts.manifests import StoredArtifact
from edgebench.core.datasets import RecordSet
from edgebench.data.stored import Values
from edgebench.tasks.scoring import scoring

SCRIPT = """
import json
from pathlib import Path

import numpy as np
import onnxruntime
from olive.data.registry import Registry
from torch.utils.data import Dataset

from edgebench.core import registry

HOME = Path(__file__).parent
FACTS = json.loads((HOME / "facts.json").read_text())


class Signals(Dataset):
    def __init__(self):
        self.signals = np.load(HOME / "calibration.npy")

    def __len__(self):
        return len(self.signals)

    def __getitem__(self, number):
        return {FACTS["input"]: self.signals[number]}, 0


@Registry.register_dataset()
def calibration_set(**_):
    return Signals()


def evaluate(model, device, execution_providers=None, **_):
    session = onnxruntime.InferenceSession(model.model_path, providers=["CPUExecutionProvider"])
    signals = np.load(HOME / "validation.npy", mmap_mode="r")
    outputs = [session.run(None, {FACTS["input"]: signals[i : i + 16]})[0] for i in range(0, len(signals), 16)]
    task, labels = registry.task(FACTS["task"]), np.load(HOME / "labels.npy")
    found = task.score(labels, np.concatenate(outputs), tuple(FACTS["thresholds"]), None)
    return {"score": float(np.asarray(found[FACTS["metric"]]).ravel()[0])}
"""


def searched(
    stored: StoredArtifact, calibration: RecordSet, validation: RecordSet, home: Path, seconds: float, drop: float
) -> tuple[Path | None, str]:
    """The ONNX file that Olive chooses, or why there is none."""
    import onnxruntime

    home.mkdir(parents=True)
    np.save(home / "calibration.npy", Values(calibration.input)[:])
    np.save(home / "validation.npy", Values(validation.input)[:])
    np.save(home / "labels.npy", validation.labels)
    artifact = stored.artifact
    session = onnxruntime.InferenceSession(str(stored.path), providers=["CPUExecutionProvider"])
    facts = {
        "input": session.get_inputs()[0].name, "task": artifact.task, "thresholds": list(artifact.thresholds),
        "metric": scoring(validation).metrics[0].name,
    }  # fmt: skip
    (home / "facts.json").write_text(json.dumps(facts))
    (home / "script.py").write_text(SCRIPT)
    (home / "config.json").write_text(json.dumps(_config(stored.path, home.resolve(), seconds, drop), indent=1))
    done = subprocess.run(
        ["olive", "run", "--config", str(home / "config.json")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    (home / "olive.log").write_text(done.stdout + done.stderr)
    made = sorted((home / "output").rglob("*.onnx"))
    lines = (done.stderr or done.stdout).strip().splitlines()
    return (made[0], "") if made else (None, f"failed: {lines[-1] if lines else done.returncode}")


def _config(model: Path, home: Path, seconds: float, drop: float) -> dict[str, Any]:
    script = str(home / "script.py")
    score = {
        "name": "score", "type": "custom", "user_config": {"user_script": script, "evaluate_func": "evaluate"},
        "sub_types": [
            {"name": "score", "priority": 2, "higher_is_better": True,
             "goal": {"type": "max-degradation", "value": drop}}
        ],
    }  # fmt: skip
    latency = {
        "name": "latency", "type": "latency", "data_config": "records",
        "sub_types": [{"name": "avg", "priority": 1}],
    }  # fmt: skip
    return {
        "input_model": {"type": "ONNXModel", "model_path": str(model.resolve())},
        "systems": {
            "here": {
                "type": "LocalSystem",
                "accelerators": [{"device": "cpu", "execution_providers": ["CPUExecutionProvider"]}],
            }
        },
        "data_configs": [
            {"name": "records", "user_script": script, "load_dataset_config": {"type": "calibration_set"},
             "dataloader_config": {"batch_size": 1}}
        ],
        "evaluators": {"both": {"metrics": [score, latency]}},
        "passes": {
            "quantization": {
                "type": "OnnxStaticQuantization", "data_config": "records",
                **dict.fromkeys(
                    ("precision", "per_channel", "reduce_range", "quant_preprocess", "calibrate_method",
                     "quant_format", "activation_type"), "SEARCHABLE_VALUES",
                ),
            }
        },
        "search_strategy": {
            "execution_order": "joint", "sampler": "tpe", "sampler_config": {"max_samples": 100, "seed": 0},
            "max_time": int(seconds), "output_model_num": 1,
        },
        "evaluator": "both", "host": "here", "target": "here", "output_dir": str(home / "output"),
        "cache_dir": str(home / "cache"), "log_severity_level": 1,
    }  # fmt: skip
