"""The process that compresses a model. Run as `python -m edgebench.compress.process`.

It needs torch and, where it fine-tunes, the training folds; the harness needs neither, so it asks this process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgebench.compress.chain import Records, compress
from edgebench.compress.request import CompressRequest
from edgebench.core.errors import EdgeBenchError, Unsupported
from edgebench.core.serialization import from_dict
from edgebench.isolation.allocator import keep_memory
from edgebench.isolation.process import answer_with, say
from edgebench.training.loop import Watch

EVERY_S = 1.0
"""Seconds between two messages."""


def _handle(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    keep_memory()
    asked = from_dict(CompressRequest, request)
    directory = Path(asked.directory) if asked.directory else None
    records = Records(asked.dataset, directory, asked.calibration, asked.skip_bad, asked.seed)
    last = [0.0]

    def tell(text: str) -> None:
        if time.monotonic() - last[0] > EVERY_S:
            last[0] = time.monotonic()
            say({"doing": text})

    watch = Watch(
        step=lambda done, total, epoch: tell(f"epoch {epoch + 1}, step {done} of {total}"),
        data=lambda done, total: tell(f"record {done} of {total}"),
    )
    try:
        manifest = compress(
            asked.model, asked.variant, Path(asked.folder), records, asked.tuning, watch, begun=asked.start
        )
        yield {"manifest": str(manifest)}
    except Unsupported as reason:
        yield {"unsupported": str(reason)}
    except EdgeBenchError as error:
        yield {"error": str(error)}


if __name__ == "__main__":
    answer_with(_handle)
