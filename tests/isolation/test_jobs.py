"""What the end of a worker is called, and how many records a call takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgebench.artifacts.manifests import StoredArtifact
from edgebench.isolation import jobs


@pytest.mark.parametrize(
    ("reason", "memory"),
    [
        ("MemoryError: Unable to allocate 2 GiB", True),
        ("std::bad_alloc", True),
        ("RuntimeError: can't start new thread", True),
        ("out of memory: the kernel ended it", True),
        ("ended by SIGKILL (out of memory, or killed from outside)", False),
        ("ValueError: no such operator", False),
    ],
)
def test_only_a_want_of_memory_is_taken_for_one(reason: str, memory: bool) -> None:
    assert bool(jobs.OUT_OF_MEMORY.search(reason)) is memory


def test_dynamic_int8_is_predicted_one_by_one(artifact: StoredArtifact) -> None:
    assert artifact.artifact is not None
    assert jobs.predict_batch(artifact.artifact) == jobs.PREDICT_BATCH > 1
    assert jobs.predict_batch(replace(artifact.artifact, precision="int8-dynamic")) == 1
