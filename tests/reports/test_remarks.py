"""What the terminal says below its tables, and how names fit into these."""

from __future__ import annotations

from flat_rows import changed
from report_rows import OK, failed

from edgebench.reports import columns, remarks

NOISY = [
    changed(
        OK, exporter=f"x{i}", verdict="noisy", verdict_reason=f"its processes differ by 1.{i} times",
        latency_p50_high_s=0.0022 + 0.001 * i,
    )
    for i in range(5)
]  # fmt: skip


def test_a_few_doubts_are_told_each_and_many_as_one() -> None:
    few = remarks.doubts([OK, *NOISY[:3]])
    assert few[0] == ("resnet1d x0 on host, noisy: its processes differ by 1.0 times", "noisy") and len(few) == 3
    ((text, verdict),) = remarks.doubts([OK, *NOISY], ", a board")
    assert verdict == "noisy"
    assert text == (
        "noisy: 5 of 6 cells on host, a board, most of all resnet1d x4: its processes differ by 1.4 times. "
        "report.md has the reason of each"
    )


def test_verdicts_and_targets_are_told_apart_and_one_reason_once() -> None:
    slowed = [changed(m, verdict="throttled", verdict_reason="it got hot", target="pi") for m in NOISY]
    assert [text for text, _ in remarks.doubts([*NOISY, *slowed])][1] == "throttled: 5 of 5 cells on pi: it got hot"


def test_what_failed_for_one_reason_is_one_line() -> None:
    engines = [changed(failed("qnnpack-int8", "no such engine"), model=f"m{i}") for i in range(7)]
    others = [failed(f"x{i}", "it broke") for i in range(5)]
    assert remarks.without_numbers([OK, *engines, *others, failed("onnx", "too slow")]) == [
        "failed: qnnpack-int8 of 7 models on host: no such engine",
        "failed: resnet1d x0, resnet1d x1, resnet1d x2 and 2 more on host: it broke",
        "failed: resnet1d onnx on host: too slow",
    ]


def test_the_legend_explains_what_the_tables_have() -> None:
    bare = changed(OK, delta_macro_f1=None, delta_low=None, delta_high=None)
    assert remarks.legend([], False) == ""
    assert remarks.legend([bare], False) == "p50: median of single records"
    assert remarks.legend([changed(OK, emulated=True)], True).startswith("★ no other cell")
    assert "p50" not in remarks.legend([changed(OK, emulated=True)], True)
    wide = changed(bare, latency_p50_low_s=1e-7, latency_p50_high_s=234.5, paced_p50_s=0.002)
    legend = remarks.legend([wide], False)
    assert "unsure: an interval wider than a factor of 10; --processes 5" in legend and "report.md" in legend
    assert columns.latency(wide) == "2.10 ms (unsure)"
