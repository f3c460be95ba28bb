"""Does `edgebench gate` find a slowdown of 5 %, and nothing where nothing changed?

    python benchmarks/gate_sensitivity.py ARTIFACT [--slow 10] [--same 20] [--busy 20] [--processes 15]

It measures one ONNX artifact many times: unchanged runs, and runs whose runtime a plug-in slows down by spinning for
5 % of the time of each prediction. It compares each run with the last unchanged one, from the same minutes. With
--busy, unchanged runs are also measured while another process keeps one core busy: the gate may be undecided then, but
never says worse.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import edgebench
from edgebench.choosing.gate import regressions
from edgebench.core.measurements import Run
from edgebench.core.settings import Bounds

FACTOR = 1.05
PLUGIN = """
import os, time
from edgebench.runtimes import onnx

class Slower:
    def __init__(self, session): self._session, self.clock, self.settings = session, session.clock, session.settings
    def peak_device_bytes(self): return None
    def predict(self, signals):
        begun = time.perf_counter()
        answer = self._session.predict(signals)
        end = begun + float(os.environ["EDGEBENCH_PLANTED"]) * (time.perf_counter() - begun)
        while time.perf_counter() < end: pass
        return answer

class Runtime(onnx.OnnxRuntime):
    def load(self, path, artifact, device): return Slower(super().load(path, artifact, device))

RUNTIME = Runtime()
"""


def planted(scratch: Path, artifact: Path) -> Path:
    """A copy of the artifact in a format of its own, and the plug-in with the slower runtime for that format."""
    (scratch / "edgebench_planted.py").write_text(PLUGIN)
    info = scratch / "edgebench_planted-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: edgebench_planted\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[edgebench.runtimes]\nplanted = edgebench_planted:RUNTIME\n")
    sys.path.insert(0, str(scratch))
    os.environ["PYTHONPATH"] = os.pathsep.join([str(scratch), os.environ.get("PYTHONPATH", "")])
    copy = scratch / "artifact"
    copy.mkdir()
    for path in artifact.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    manifest = copy / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format": "onnx"', '"format": "planted"'))
    return copy


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifact", type=Path, help="folder of an ONNX artifact")
    parser.add_argument("--slow", type=int, default=10)
    parser.add_argument("--same", type=int, default=20)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--processes", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--keep", type=Path, help="keep the runs in this folder, which must be empty")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = args.keep or Path(folder)
        scratch.mkdir(parents=True, exist_ok=True)
        copy = planted(scratch, args.artifact)
        count = 0

        def measured(factor: float) -> Run:
            nonlocal count
            count += 1
            os.environ["EDGEBENCH_PLANTED"] = str(factor)
            measuring = {"processes": args.processes, "min_seconds": args.seconds}
            return edgebench.measure([copy], scratch / str(count), limit=8, threads=1, measuring=measuring)

        def kinds(new: Run, old: Run, what: str) -> set[str]:
            (pair,), findings = regressions(new, old, Bounds(memory_growth=1.0))
            assert pair.latency is not None
            times, said = pair.latency, {finding.kind for finding in findings}
            print(f"{what}: {times.ratio:.3f} ({times.low:.3f} to {times.high:.3f})  {', '.join(sorted(said))}")
            return set(said)

        before, found, false = measured(1.0), 0, 0
        for number in range(max(args.slow, args.same)):
            if number < args.slow:
                found += "worse" in kinds(measured(FACTOR), before, "slower")
            now = measured(1.0)
            if number < args.same:
                false += "worse" in kinds(now, before, "same  ")
            before = now
        alarms = 0
        for _ in range(args.busy):
            with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
                try:
                    now = measured(1.0)
                finally:
                    other.kill()
            alarms += "worse" in kinds(now, before, "busy  ")
    print(f"slowdown of {FACTOR - 1:.0%} found in {found} of {args.slow}; false alarms in {false} of {args.same}")
    print(f"false alarms beside a busy process: {alarms} of {args.busy}")
    return int(alarms > 0 or found < 0.9 * args.slow or false > 0.05 * args.same)


if __name__ == "__main__":
    sys.exit(main())
