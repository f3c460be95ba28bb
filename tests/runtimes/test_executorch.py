"""ExecuTorch's runtime; tests/exporters/test_executorch.py compares its predictions with the network."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("executorch")

from openvino_files import SIGNALS, expected, made
from programs import answer_of

from edgebench.core import formats
from edgebench.core.errors import ArtifactError
from edgebench.runtimes.executorch import RUNTIME


def test_its_threads_are_those_that_were_asked_for() -> None:
    from executorch.extension.pybindings import portable_lib

    found = made("executorch")
    for threads in (2, 1):
        RUNTIME.start(threads, "")
        assert portable_lib._threadpool_get_thread_count() == threads
        assert RUNTIME.load(found.path, found.artifact, "cpu").settings["threads"] == str(threads)


def test_a_session_lives_without_its_makers() -> None:
    found = made("executorch")
    session = RUNTIME.load(found.path, found.artifact, "cpu")
    first = session.predict(SIGNALS[:1])
    gc.collect()
    session.predict(SIGNALS[1:2])
    np.testing.assert_allclose(first, expected()[:1], atol=1e-5)


def test_where_it_runs() -> None:
    assert not formats.unsupported("executorch", "cpu", "", "aarch64")
    assert formats.unsupported("executorch", "cpu", "", "riscv64") and RUNTIME.unavailable("cuda", "")
    assert not RUNTIME.unavailable("cpu", "")


def test_the_kernels_are_timed_by_kind() -> None:
    found = made("executorch-int8")
    operators = RUNTIME.profile(found.path, found.artifact, "cpu", [(SIGNALS[:1],)] * 4)
    assert sum(o.calls for o in operators if o.kind == "int8" and o.name.startswith("Convolution")) == 2
    assert all(o.seconds >= 0 and o.calls for o in operators)


def test_what_cannot_be_loaded_is_one_line(tmp_path: Path) -> None:
    whole = made("executorch").path.read_bytes()
    for content in (b"no program", b"", whole[: len(whole) // 2]):
        (tmp_path / "model.pte").write_bytes(content)
        with pytest.raises(ArtifactError, match=r"model\.pte") as raised:
            RUNTIME.load(tmp_path / "model.pte", made("executorch").artifact, "cpu")
        assert "\n" not in str(raised.value)


def test_the_program_predicts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    found = made("executorch")
    answer = answer_of(found.artifact, found.path.parent, monkeypatch, SIGNALS[:1])
    np.testing.assert_allclose(answer, expected()[:1], atol=1e-5)
