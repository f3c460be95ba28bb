"""Do AArch64's kernels decide as x86's do? The same files on the same records, here and on a device over SSH.

    python benchmarks/arm/decisions.py ARTIFACTS --ssh-config DIR/ssh/config [--host arm]
        [--data-dir PTBXL] [--records 200] [--timeout 3600] [--json FILE]

It copies the device side of EdgeBench, the artifacts and the records to the device, and runs the same jobs in a
worker there and in one here. Bounds: macro-F1 equal in fp32, within 0.01 in int8. It prints all runtimes, versions
and settings.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import edgebench
from edgebench.artifacts import manifests
from edgebench.core import registry
from edgebench.core.contracts import Artifact, Job, Outcome
from edgebench.core.datasets import DataRequest, RecordSet
from edgebench.core.job_keys import RESULTS
from edgebench.core.serialization import outcome_from, to_json
from edgebench.isolation.jobs import run_job
from edgebench.measuring import environment
from edgebench.tasks.statistics import decide, macro_f1

BOUND = 0.01
SOURCE = Path(edgebench.__file__).parent
FACTS = "import json; from edgebench.measuring import environment; print(json.dumps(environment.describe()))"


@dataclass(frozen=True)
class Device:
    """A folder on a device that is reached by OpenSSH."""

    config: Path
    host: str
    folder: str
    timeout_s: float

    def run(self, command: str, said: str = "") -> str:
        """What a shell command prints there; raises SystemExit where it fails."""
        done = subprocess.run(
            ["ssh", "-F", str(self.config), self.host, command],
            input=said, capture_output=True, text=True, timeout=self.timeout_s,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{self.host}: {done.stderr.strip()}")
        return done.stdout

    def python(self, arguments: str, said: str = "") -> str:
        """What Python prints there, with EdgeBench's source on its path."""
        return self.run(f"cd {self.folder} && PYTHONPATH=source python3 {arguments}", said)

    def copy(self, *lines: str) -> None:
        """Commands of sftp, one a line."""
        command = ["sftp", "-q", "-b", "-", "-F", str(self.config), self.host]
        subprocess.run(command, input="\n".join(lines), text=True, check=True, stdout=subprocess.DEVNULL)

    def send_source(self) -> None:
        """The package and its entry points, without weights and demo data, which no worker needs."""
        inside = "edgebench " + next(SOURCE.parent.glob("edgebench*-info")).name
        left_out = "--exclude=__pycache__ --exclude=weights --exclude=demo"
        packed = subprocess.run(f"tar -c {left_out} {inside}", shell=True, cwd=SOURCE.parent, stdout=-1, check=True)
        command = f"mkdir -p {self.folder}/source && tar -x -C {self.folder}/source"
        subprocess.run(["ssh", "-F", str(self.config), self.host, command], input=packed.stdout, check=True)

    def perform(self, job: Job) -> Outcome[Any]:
        """One job of a worker there, on files that lie in the folder; its own files are brought to `job.output`."""
        there = replace(
            job, path=Path(job.path).name, input=replace(job.input, path=Path("signals.npy")), output="out.npy"
        )
        self.copy(f"put {job.path} {self.folder}/{there.path}")
        answers = [
            json.loads(line) for line in self.python("-m edgebench.measuring.worker", to_json(there)).splitlines()
        ]
        outcome = outcome_from(RESULTS[job.kind], next(answer for answer in answers if "status" in answer))
        if outcome.status == "ok" and job.kind == "predict":
            self.copy(f"get {self.folder}/out.npy {job.output}")
        return outcome


@dataclass(frozen=True)
class Row:
    """One artifact on both sides."""

    artifact: str
    precision: str
    f1_here: float
    f1_there: float
    decisions: int
    differ: int
    records_differ: int
    max_abs_difference: float
    """Of a logit."""
    settings: dict[str, str]

    @property
    def good(self) -> bool:
        """Whether the bound holds."""
        return abs(self.f1_here - self.f1_there) <= (0 if self.precision == "fp32" else BOUND)


def compared(artifact: Artifact, path: Path, records: RecordSet, device: Device, scratch: Path) -> Row:
    """Predict here and there; raises SystemExit where either fails."""
    job = Job("predict", artifact, str(path), "cpu", 1, artifact.engine, records.input, "", batch=16)
    found: list[NDArray[np.float32]] = []
    settings: dict[str, str] = {}
    for name in ("here", "there"):
        asked = replace(job, output=str(scratch / f"{name}.npy"))
        outcome = run_job(asked, device.timeout_s) if name == "here" else device.perform(asked)
        if outcome.status != "ok":
            raise SystemExit(f"{artifact.model} {artifact.exporter}, {name}: {outcome.status}: {outcome.reason}")
        found.append(np.load(asked.output))
        settings = outcome.value.settings
    decided = [decide(logits, artifact.thresholds) for logits in found]
    apart = decided[0] != decided[1]
    here, there = (macro_f1(records.labels, d) for d in decided)
    return Row(
        f"{artifact.model} {artifact.exporter}", artifact.precision, here, there, apart.size, int(apart.sum()),
        int(apart.any(axis=1).sum()), float(np.abs(found[0] - found[1]).max()), settings,
    )  # fmt: skip


def main() -> int:
    """Compare, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("--ssh-config", type=Path, required=True)
    parser.add_argument("--host", default="arm")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--records", type=int, default=200)
    parser.add_argument("--timeout", type=float, default=3600)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    request = DataRequest("test", args.data_dir, limit=args.records)
    records = registry.dataset("ptbxl" if args.data_dir else "demo").load(request)
    device = Device(args.ssh_config, args.host, "edgebench-decisions", args.timeout)
    device.send_source()
    device.copy(f"put {records.input.path} {device.folder}/signals.npy")
    facts = {"here": environment.describe(), "there": json.loads(device.python("-", FACTS))}
    for name, said in facts.items():
        print(f"{name}: {environment.host_label(said)}, {said['packages']}")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for manifest in manifests.manifests(args.artifacts):
            built = manifests.read(manifest)
            assert built.artifact is not None and built.path is not None
            rows.append(compared(built.artifact, built.path, records, device, Path(scratch)))
            r = rows[-1]
            print(
                f"{r.artifact:<32} macro-F1 {r.f1_here:.6f} here, {r.f1_there:.6f} there; {r.differ} of {r.decisions} "
                f"decisions differ; logits by at most {r.max_abs_difference:.2g}{'' if r.good else '  MISSED'}",
                flush=True,
            )
    if args.json:
        said = {"records": len(records), "dataset": records.label, "machines": facts, "rows": [asdict(r) for r in rows]}
        args.json.write_text(json.dumps(said, indent=2) + "\n")
    return int(not rows or not all(r.good for r in rows))


if __name__ == "__main__":
    sys.exit(main())
