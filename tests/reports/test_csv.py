"""report.csv: the columns, in base units, and what is missing is empty."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from flat_rows import changed
from report_rows import OK, failed, run_of, text_of

from edgebench.core import spreadsheets

HEADER = (
    "run,model,variant,exporter,format,precision,target,status,reason,emulated,file_size_bytes,parameters,"
    "sparsity,zip_size_bytes,macs,parameters_before,macs_before,sparsity_before,peak_rss_bytes,"
    "model_rss_bytes,runtime_rss_bytes,peak_device_bytes,load_s,first_inference_s,cold_load_s,"
    "cold_first_inference_s,latency_p50_s,latency_p50_low_s,latency_p50_high_s,latency_min_s,latency_p90_s,"
    "latency_p95_s,latency_p99_s,latency_max_s,latency_samples,process_medians_s,throughput_per_s,"
    "paced_every_s,paced_p50_s,paced_p50_low_s,paced_p50_high_s,batch_throughputs_per_s,best_batch,energy_j,"
    "energy_source,verdict,verdict_reason,background_cores,drift,temperature_c,int8_operators,float_operators,"
    "conversions,int8_time_share,conversion_time_share,slowest_operator,slowest_operator_share,dataset,"
    "records,macro_f1,macro_f1_low,macro_f1_high,macro_auc,macro_auc_low,macro_auc_high,calibration_error,"
    "f1_by_class,delta_macro_f1,delta_low,delta_high,delta_macro_auc,delta_auc_low,delta_auc_high,agreement,"
    "max_abs_error,counterpart,counterpart_delta,counterpart_low,counterpart_high,artifact_sha256,host,pareto"
)


def test_csv_has_the_designs_columns_in_base_units() -> None:
    text = text_of("csv", run_of(OK, failed("bad", "a, quoted reason")))
    assert text.splitlines()[0] == HEADER
    good, bad = csv.DictReader(io.StringIO(text))
    assert (good["file_size_bytes"], good["latency_p50_s"], good["latency_samples"]) == ("5500000", "0.0021", "1500")
    assert (bad["reason"], bad["latency_p50_s"], bad["peak_rss_bytes"], bad["macro_f1"]) == (
        "a, quoted reason",
        "",
        "",
        "",
    )


def test_no_text_of_the_csv_is_a_formula() -> None:
    odd = replace(
        OK, cell=replace(OK.cell, model="=cmd()", exporter="@x"), artifact=None, status="failed", reason="-1+1"
    )
    classes = changed(OK, f1_by_class={"=NORM": 0.8}, delta_macro_f1=-0.5)
    first, second = csv.DictReader(io.StringIO(text_of("csv", run_of(odd, classes))))
    if first["model"] == OK.cell.model:
        first, second = second, first
    assert (first["model"], first["exporter"], first["reason"]) == ("'=cmd()", "'@x", "'-1+1")
    assert [spreadsheets.original(first[name]) for name in ("model", "exporter", "reason")] == ["=cmd()", "@x", "-1+1"]
    assert second["f1_by_class"] == "'=NORM=0.8" and float(second["delta_macro_f1"]) == -0.5, "numbers stay numbers"
