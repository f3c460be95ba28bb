"""`edgebench` as the pages' examples call it, quickly: a program that puts its own measuring settings behind theirs.

`python doc_short.py EDGEBENCH ARGUMENTS...` carries the command out by the program EDGEBENCH. It ends as that does, but

- a run in which a cell failed is a failure, though the command itself goes on with the others;
- exit code 1 of a command that answers yes or no is an answer;
- a run, an export or a report that was carried out in this place already, word for word, is not carried out again.

In the environment: DOC_URL is the server that has PTB-XL, DOC_DONE a file of what was carried out, DOC_WARM, if it is
there, the socket of the warm server, from which the command then starts, DOC_EXPORTERS what a run without `--exporter`
takes, if it is there, and DOC_QUICK, if it is there, makes runs `--quick`: half the processes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))  # not there where the environment has PYTHONSAFEPATH

from edgebench.isolation import python

TIMED = (
    "--limit", "8", "--processes", "1", "--warmup", "0", "--min-samples", "3", "--min-seconds", "0", "--threads", "1",
)  # fmt: skip
FEW = ("--calibration-records", "16")
ANY_DROP = ("--max-f1-drop", "1")
"""The first artifact that a search tries is good enough."""
TRAINED = ("--epochs", "1", "--batch-size", "16")
QUARTERS = ("--set", "crop=250")
"""A quarter of each record of PTB-XL."""
FINETUNED = ("--finetune-set", "batch_size=16", "--finetune-set", "crop=250", "--finetune-epochs", "1")
SEARCHED = ("--budget", "60s", "--no-fine-tune", "--exporter", "onnx", "--limit", "8")
ANSWERS = ("recommend", "gate", "compare")
ONCE = ("run", "optimize", "export", "quantize", "train", "data", "doctor", "list", "report", "explain", "inspect")


def shortened(arguments: Sequence[str], url: str, exporters: Sequence[str] = (), quick: bool = False) -> list[str]:
    """The arguments with few records, samples and epochs, and with a server of our own. The meaning stays.

    A run of every exporter is one of `exporters`, where these are given, and a quick one with `quick`.
    """
    verb = arguments[0] if arguments else ""
    more: tuple[str, ...] = ()
    if verb == "run" and "--resume" not in arguments:
        tuned = "--finetune-epochs" in arguments or "plan.toml" in arguments
        more = (*TIMED, *FEW, *(("--quick",) if quick else ()), *(FINETUNED if tuned else ()))
        more = (*more, *(word for name in exporters if "--exporter" not in arguments for word in ("--exporter", name)))
    elif verb == "measure" and "--resume" not in arguments:
        more = TIMED
    elif verb in ("export", "quantize"):
        more = (*FEW, *(ANY_DROP if verb == "quantize" else ()))
    elif verb == "optimize" and "--resume" not in arguments:
        more = (*FEW, *SEARCHED)
    elif verb == "train":
        more = (*TRAINED, *(() if "--dataset" in arguments else QUARTERS))
    elif list(arguments[:2]) == ["data", "fetch"]:
        more = ("--url", url)
    return [*arguments, *more]


def without_numbers(since: float) -> list[str]:
    """The reasons of cells that failed in the runs that were written since then, in the folder `results`."""
    written = [p for p in Path("results").glob("*/measurements.jsonl") if p.stat().st_mtime >= since]
    rows = [json.loads(line) for path in written for line in path.read_text().splitlines()]
    failed = [f"{m['status']}: {m['reason']}" for m in rows if m["status"] in ("failed", "timeout")]
    return failed if rows else ["no run was written"]


def settings() -> dict[str, Any]:
    """What the environment says of how commands are shortened."""
    there = os.environ
    return {"url": there["DOC_URL"], "exporters": there.get("DOC_EXPORTERS", "").split(), "quick": "DOC_QUICK" in there}


def main() -> int:
    """Carry the command out."""
    program, *arguments = sys.argv[1:]
    done, line = Path(os.environ["DOC_DONE"]), " ".join(arguments)
    before = done.read_text().splitlines() if done.exists() else []
    if line in before and arguments[:1] and arguments[0] in ONCE:
        print(f"carried out already: {line}")
        return 0
    begin = time.time() - 1  # some file systems keep whole seconds
    start = [program]
    if server := os.environ.get("DOC_WARM"):
        start = python.forked(server, "edgebench")
    made = subprocess.run([*start, *shortened(arguments, **settings())], capture_output=True, text=True, check=False)
    print(made.stdout, made.stderr, sep="", flush=True)
    answered = made.returncode in (1, 3, 4, 5) and arguments[0] in ANSWERS
    if answered and not re.search("^error:|^Traceback", made.stderr, re.M):
        return 0
    failed = (
        []
        if made.returncode or arguments[0] not in ("run", "measure") or "--resume" in arguments
        else without_numbers(begin)
    )
    print(*(f"a cell without numbers: {reason}" for reason in failed), sep="\n")
    code = made.returncode or int(bool(failed))
    if not code:
        done.write_text("\n".join([*before, line]))
    return code


if __name__ == "__main__":
    sys.exit(main())
