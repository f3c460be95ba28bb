"""The function of every task: it hands a request to the worker that runs it."""

from __future__ import annotations

from typing import Any


def perform(request: bytes) -> bytes:
    """Carry out a request, JSON of `messages.Request`, on this worker; returns JSON of `messages.Reply`."""
    from distributed import get_worker

    worker: Any = get_worker()
    done: bytes = worker.perform(request)
    return done
