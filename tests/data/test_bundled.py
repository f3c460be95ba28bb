"""A bundle's records as a dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from bundle_makers import contents

from edgebench.core import registry
from edgebench.core.contracts import DataRequest
from edgebench.core.errors import DataError
from edgebench.remote.bundles import writing


def test_records_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    writing.write(contents(tmp_path / "made"), tmp_path / "folder", folder=True)
    records = tmp_path / "folder" / "records"
    np.save(records / "labels.npy", np.zeros((3, 5), np.uint8))
    with pytest.raises(DataError, match=r"labels\.npy: .* of shape"):
        registry.dataset("bundle").load(DataRequest("test", records))
    with pytest.raises(DataError, match="test records only"):
        registry.dataset("bundle").load(DataRequest("train", records))
    with pytest.raises(DataError, match="no records of a bundle"):
        registry.dataset("bundle").load(DataRequest("test", tmp_path))
