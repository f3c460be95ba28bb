"""The process that compresses a model. Run as `python -m edgebench.compress.process`.

It needs torch and, for fine-tuning, the training folds; the harness starts it because it needs neither itself.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgebench.compress.chain import Records, compress
from edgebench.compress.request import CompressRequest
from edgebench.core.errors import DiskFull, EdgeBenchError, Unsupported
from edgebench.core.serialization import from_dict
from edgebench.isolation.allocator import keep_memory
from edgebench.isolation.child import answer_with, say
from edgebench.training.loop import Watch

REPORT_INTERVAL_S = 1.0
"""Seconds between two progress messages, at least."""


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    keep_memory()
    task = from_dict(CompressRequest, request)
    directory = Path(task.directory) if task.directory else None
    records = Records(task.dataset, directory, task.calibration, task.skip_bad, task.seed, task.options, task.task)
    last_report = [0.0]

    def report(text: str) -> None:
        if time.monotonic() - last_report[0] > REPORT_INTERVAL_S:
            last_report[0] = time.monotonic()
            say({"doing": text})

    watch = Watch(
        step=lambda done, total, epoch: report(f"epoch {epoch + 1}, step {done} of {total}"),
        data=lambda done, total: report(f"record {done} of {total}"),
    )
    try:
        manifest = compress(task.model, task.variant, Path(task.folder), records, task.tuning, watch, base=task.base)
        yield {"manifest": str(manifest)}
    except Unsupported as reason:
        yield {"unsupported": str(reason)}
    except DiskFull:
        raise
    except EdgeBenchError as error:
        yield {"error": str(error)}


if __name__ == "__main__":
    answer_with(_handle)
