"""What is made of the published runs is what they say: reports, pictures, and the tables of the pages."""

from __future__ import annotations

from pathlib import Path

import page_tables
import publish_run
import pytest
import regenerate
from marked import PAGES, ROOT


@pytest.mark.slow
def test_everything_is_what_the_runs_say(capsys: pytest.CaptureFixture[str]) -> None:
    code = regenerate.main(["--check"])
    assert code == 0, f"run python scripts/regenerate.py:\n{capsys.readouterr().out}"


def test_every_published_run_has_its_table_on_a_page() -> None:
    named = [name for page in PAGES for name in page_tables.named(page.read_text())]
    assert sorted({*named}) == [folder.name for folder in regenerate.runs()]
    assert "<!-- table ptbxl-x86 -->" in (ROOT / "README.md").read_text()


def test_a_number_that_was_changed_by_hand_is_seen_and_made_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, picture, same = tmp_path / "README.md", tmp_path / "old.svg", tmp_path / "same.md"
    page.write_text("0.746")
    picture.write_text("<svg/>")
    same.write_text("ok")
    wanted = {page: b"0.745", picture: None, same: b"ok"}
    monkeypatch.setattr(regenerate, "everything", lambda: wanted)
    monkeypatch.setattr(regenerate, "ROOT", tmp_path)
    assert regenerate.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines() == ["differs: README.md", "differs: old.svg"]
    assert page.read_text() == "0.746"
    assert regenerate.main([]) == 0
    assert (page.read_text(), picture.exists()) == ("0.745", False)
    assert regenerate.main(["--check"]) == 0


def test_reports_of_searches_are_made_again_too() -> None:
    names = {f"{path.parent.name}/{path.name}" for path in regenerate.searches()}
    assert names == {"search-deit-tiny/report.md", "search-deit-tiny/sensitivity.svg"}


def test_a_picture_that_no_report_shows_is_stale(tmp_path: Path) -> None:
    import shutil

    source = publish_run.REFERENCE / "ptbxl-x86"
    for name in ("plan.json", "environment.json", "measurements.jsonl"):
        shutil.copy(source / name, tmp_path / name)
    (tmp_path / "report-pareto-nowhere.svg").write_text("<svg/>")
    (tmp_path / "report.html").write_text("old")
    found = regenerate.reports(tmp_path)
    assert found[tmp_path / "report-pareto-nowhere.svg"] is None
    assert found[tmp_path / "report.html"] is None
    report = (found[tmp_path / "report.md"] or b"").decode()
    assert publish_run.table_in(report).startswith("| model")
