"""The picture of any sensitivities."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.reports import sensitivity


@pytest.mark.parametrize("modules", [[], [("a", 1.0)], [("a", -1e308), ("b", 1e308)], [("a", 5e-324)]])
def test_sensitivities_of_any_numbers(modules: list[tuple[str, float]], tmp_path: Path) -> None:
    sensitivity.picture(modules, set(), tmp_path / "s.svg")
    assert (tmp_path / "s.svg").stat().st_size > 500
