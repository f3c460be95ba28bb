"""Which processes measure the memory of a run's cells: one a cell, or in a quick run as few as can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edgebench.core.contracts import Job
from edgebench.core.job_keys import JobKey
from edgebench.core.serialization import to_json
from edgebench.core.settings import Measuring
from edgebench.pipeline.planned import Planned


@dataclass(frozen=True)
class MemoryJobs:
    """The jobs of the open cells, by their keys, and which of them have to be done."""

    cells: Mapping[JobKey, Planned]
    jobs: Mapping[JobKey, Job]
    now: dict[JobKey, list[JobKey]] = field(default_factory=dict)
    """The jobs to do, each with the keys that get its outcome."""
    later: dict[JobKey, JobKey] = field(default_factory=dict)
    """Keys of cells that are not timed, with the key whose memory a timed process will tell."""


def with_times(measuring: Measuring, planned: Planned) -> bool:
    """Whether the cell's timed process also reports its memory, as in a quick run.

    Elsewhere, and where the target limits memory, a process of its own does.
    """
    return measuring.quick and not planned.fit.emulated and planned.target.memory_limit_bytes is None


def chosen(measuring: Measuring, cells: Mapping[JobKey, Planned], jobs: Mapping[JobKey, Job]) -> MemoryJobs:
    """The jobs to do; in a quick run equal ones, such as those of two targets, are done once."""
    found = MemoryJobs(cells, jobs, {} if measuring.quick else {key: [key] for key in jobs})
    for keys in _alike(jobs) if measuring.quick else ():
        timed = [key for key in keys if with_times(measuring, cells[key])]
        if timed:
            found.later.update({key: timed[0] for key in keys if key not in timed})
        else:
            found.now[keys[0]] = keys
    return found


def _alike(jobs: Mapping[JobKey, Job]) -> list[list[JobKey]]:
    """The keys of equal jobs, but for their outputs."""
    found: dict[str, list[JobKey]] = {}
    for key, job in jobs.items():
        found.setdefault(to_json(replace(job, output="")), []).append(key)
    return list(found.values())
