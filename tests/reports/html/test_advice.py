"""A recommendation as the page shows it."""

from __future__ import annotations

from flat_rows import changed
from report_rows import OK, run_of

from edgebench.choosing.recommendation import recommend
from edgebench.core.policy import Policy
from edgebench.reports.html import advice


def test_metrics_have_their_intervals() -> None:
    found = {what: (value, interval) for what, value, interval in advice.metrics(OK)}
    assert list(found) == ["median latency", "file size", "peak memory", "macro-F1", "Δ F1"]
    assert found["median latency"] == ("2.10 ms", "2.00 ms to 2.20 ms")
    assert found["file size"] == ("5.50 MB", "")
    assert found["macro-F1"] == ("0.700", "0.650 to 0.750")
    assert found["Δ F1"] == ("+0.0000", "+0.0000 to +0.0000")


def test_what_is_not_known_is_omitted() -> None:
    bare = changed(OK, peak_rss_bytes=None, delta_macro_f1=None, delta_low=None, delta_high=None, macro_f1_low=None)
    assert [(what, interval) for what, _, interval in advice.metrics(bare)][1:] == [("file size", ""), ("macro-F1", "")]
    emulated = changed(OK, emulated=True, verdict="emulated")
    assert "median latency" not in {what for what, _, _ in advice.metrics(emulated)}


def test_fields_of_a_choice_and_of_none() -> None:
    other = changed(OK, exporter="eager", variant="l1-0.4", latency_p50_s=0.009, latency_p50_low_s=0.008)
    (answer,) = recommend(run_of(OK, other), Policy())
    fields = advice.fields(answer)
    assert (fields["target"], fields["name"], fields["sha256"]) == ("host", "resnet1d onnx", "a" * 64)
    assert [name for name, _ in fields["rivals"]] == ["resnet1d eager · l1-0.4"]
    (none,) = recommend(run_of(OK, other), Policy(min_score=0.99))
    fields = advice.fields(none)
    assert (fields["name"], fields["metrics"]) == ("", [])
    assert [count for _, count in fields["excluded"]] == [2] and fields["nearest"]
