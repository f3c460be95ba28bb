"""An artifact, a model or a bundle as earlier versions described them, which knew ECGs and several labels only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from edgebench.data.signals import LEADS, ecg
from edgebench.tasks import earlier

FIELDS = {"leads", "samples", "rate_hz", "unit", "dtype"}


def described(data: Any) -> Any:
    """The fields of a manifest, or of the description of records, as today's: its input, its adapter, its task."""
    return earlier.with_task(converted(data))


def converted(data: Any) -> Any:
    """The fields of a manifest, or of the description of records, with its `input` as today's fields."""
    data = _with_axes(data)
    found = data.get("input") if isinstance(data, Mapping) else None
    if not isinstance(found, Mapping) or not {"leads", "samples"} & set(found) or set(found) - FIELDS:
        return data
    leads, samples, rate = found.get("leads", LEADS), found.get("samples", 1000), found.get("rate_hz", 100)
    names = isinstance(leads, list | tuple) and leads and all(isinstance(one, str) for one in leads)
    if not names or type(samples) is not int or samples < 1 or type(rate) not in (int, float):
        return data  # the schema says what is wrong with it
    return {**data, "input": asdict(ecg(leads, samples, rate)) | {k: found[k] for k in ("unit", "dtype") if k in found}}


def _with_axes(data: Any) -> Any:
    """The same with an imported file's leads, layout and way of normalising as today's fields of its adapter."""
    feed = data.get("feed") if isinstance(data, Mapping) else None
    if isinstance(feed, Mapping) and feed.get("per_record") == "max-lead":
        feed = {**feed, "per_record": "max-channel"}
        data = {**data, "feed": feed}
    if not isinstance(feed, Mapping) or not {"leads", "layout"} & set(feed):
        return data
    today = {name: value for name, value in feed.items() if name not in ("leads", "layout")}
    if "leads" in feed:
        today["positions"] = feed["leads"]
    if feed.get("layout", "leads-first") not in ("leads-first", "samples-first"):
        return data  # the schema says what is wrong with it
    if feed.get("layout") == "samples-first":
        today["axes"] = ["sample", "lead"]
    return {**data, "feed": today}
