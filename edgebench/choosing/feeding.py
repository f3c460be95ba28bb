"""Lines of a program that prepare records as the card of an imported file says."""

from __future__ import annotations

from collections.abc import Iterator

from edgebench.core.contracts import Artifact
from edgebench.core.io_adapter import IOAdapter
from edgebench.core.python_lines import text, within


def fed(artifact: Artifact) -> list[str]:
    """How the records have to be prepared for an imported file."""
    return list(_prepared(artifact.feed, artifact)) if artifact.feed else []


def _prepared(feed: IOAdapter, artifact: Artifact) -> Iterator[str]:
    spec = artifact.input
    axis = spec.channel_axis
    after = f"[:{', None' * (len(spec.axes) - 1 - axis)}]" if len(spec.axes) - 1 > axis else ""
    if rows := feed.rows(spec):
        yield f"# The {text(spec.axes[axis])}s that the file takes, in its order."
        yield from within(f"records = records[:, {':, ' * axis}[", map(str, rows), "]]")
    if feed.mean:
        yield from within("mean = np.float32([", map(repr, feed.mean), "])")
        yield from within("std = np.float32([", map(repr, feed.std), "])")
        yield f"records = (records - mean{after}) / std{after}"
    if feed.per_record:
        alone = feed.per_record in ("zscore", "max-channel")
        over = [n + 1 for n in range(len(spec.axes)) if not (alone and n == axis)]
        axes = over[0] if len(over) == 1 else tuple(over)
        if feed.per_record.startswith("max"):
            yield f"size = np.abs(records).max({axes}, keepdims=True)"
        else:
            yield "records = records.astype(np.float64)"
            yield f"records = records - records.mean({axes}, keepdims=True)"
            yield f"size = records.std({axes}, keepdims=True)"
        yield "records = (records / np.where(size > 0, size, 1)).astype(np.float32)"
    if turned := feed.turned(spec):
        order = ", ".join(str(place + 1) for place in turned)
        yield f"records = np.ascontiguousarray(records.transpose(0, {order}))"
    if feed.dtype in ("float16", "float64"):
        yield f"records = records.astype(np.{feed.dtype})"
