"""What a worker builds, and what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.errors import RemoteError
from edgebench.core.serialization import to_dict
from edgebench.fleet import build_there
from edgebench.fleet.build_there import BuildBody

BODY = BuildBody("resnet1d", "00", "none", ("onnx",), 60.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "another model"), ({"model": "../../evil.json"}, "evil"), ({"model": "/etc/passwd"}, "passwd"),
        ({"model": "nothing"}, "nothing"), ({"exporters": 5}, "exporters"), ({"shell": "rm"}, "shell"),
    ],
)  # fmt: skip
def test_what_is_no_request_to_build(changes: dict[str, object], words: str, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    with pytest.raises(RemoteError, match=words):
        build_there.perform(tmp_path, {**to_dict(BODY), **changes}, lambda _: None, lambda: False)
    assert not (tmp_path / "run").exists()
