"""Files that take or answer something else than EdgeBench's own: converted as their card says, or refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from small_onnx import CARD, LEADS

from edgebench.artifacts import import_file, manifests
from edgebench.core import registry
from edgebench.core.contracts import Artifact
from edgebench.core.errors import ArtifactError
from edgebench.core.io_adapter import Constant, IOAdapter
from edgebench.core.serialization import from_dict, to_dict
from edgebench.core.validation import validated
from edgebench.data import earlier_input
from edgebench.measuring.io_adapter import AdaptedRuntime
from edgebench.measuring.per_record import normalised
from edgebench.runtimes import torch_file

SIGNALS = np.random.default_rng(1).normal(0.1, 0.4, (3, 12, 1000)).astype(np.float32)
SIGNALS[1, 4] = 0.123  # flat: its standard deviation is 0
SIGNALS[2, 5] = 0.0


def answered(path: Path, signals: NDArray[np.float32] = SIGNALS) -> NDArray[np.float32]:
    """The logits of an imported file, by its own runtime; its record has been through JSON."""
    stored = manifests.read(path)
    artifact = validated(Artifact, to_dict(from_dict(Artifact, to_dict(stored.artifact))), "manifest", ArtifactError)
    assert artifact == stored.artifact
    assert artifact.feed
    runtime = AdaptedRuntime(registry.runtime(artifact.format), artifact.feed)
    predict, size = runtime.load(path, artifact, "cpu").predict, artifact.batch or len(signals)
    answer = np.concatenate([predict(signals[i : i + size]) for i in range(0, len(signals), size)])
    assert answer.dtype == np.float32
    return answer


def refused(path: Path, *said: str) -> None:
    with pytest.raises(ArtifactError) as error:
        import_file.describe(path, False)
    line = str(error.value)
    assert "\n" not in line
    assert not [text for text in said if text not in line], line


def right(answer: NDArray[np.float32], expected: NDArray[Any], tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(answer, expected, atol=tolerance * np.abs(expected).max())


def test_of_several_outputs_the_card_names_one(tmp_path: Path) -> None:
    both = ("aux", "logits")
    refused(small_onnx.save(tmp_path / "a.onnx", outputs=both), "aux (batch, 5)", "logits (batch, 5)",
            "output = \"logits\"")  # fmt: skip
    expected = small_onnx.logits(SIGNALS)
    for chosen, sign in (('"logits"', 1), ('"aux"', -1), ("0", -1), ("1", 1)):
        right(answered(small_onnx.save(tmp_path / "b.onnx", f"output = {chosen}\n{CARD}", outputs=both)),
              sign * expected)  # fmt: skip
    refused(small_onnx.save(tmp_path / "c.onnx", f'output = "probabilities"\n{CARD}', outputs=both), "aux", "logits")
    refused(small_onnx.save(tmp_path / "d.onnx", f"output = 2\n{CARD}", outputs=both), "no output 2", "aux", "logits")
    refused(small_onnx.save(tmp_path / "e.onnx", f'output = "head"\n{CARD}'), "no output 'head'", "logits")


def test_a_chosen_output_may_hold_probabilities(tmp_path: Path) -> None:
    card = f'output = "head"\noutput_kind = "probabilities"\n{CARD}'
    feed = import_file.describe(small_onnx.save(tmp_path / "a.onnx", card, outputs=("head", "aux")), False).feed
    assert feed and (feed.answer, feed.output) == ("head", "probabilities")
    card = f'output = "probabilities"\n{CARD}'
    feed = import_file.describe(small_onnx.save(tmp_path / "b.onnx", card, outputs=("probabilities", "z")), False).feed
    assert feed and (feed.answer, feed.output) == ("probabilities", "probabilities")


def test_a_manifest_that_names_no_output_of_several_is_refused(tmp_path: Path) -> None:
    """As manifests of earlier versions do: nothing is scored."""
    path = small_onnx.save(tmp_path / "a.onnx", f'output = "logits"\n{CARD}', outputs=("aux", "logits"))
    artifact = import_file.describe(path, False)
    for feed in (None, IOAdapter()):
        with pytest.raises(ArtifactError, match=r"aux.*logits"):
            registry.runtime("onnx").load(path, replace(artifact, feed=feed), "cpu")


@pytest.mark.parametrize("names", ["exact", "lower"])
def test_leads_in_another_order(tmp_path: Path, names: str) -> None:
    rows = np.random.default_rng(2).permutation(12).tolist()
    given = [LEADS[row] if names == "exact" else LEADS[row].lower() for row in rows]
    path = small_onnx.save(tmp_path / "a.onnx", f"leads = {given}\n{CARD}", rows=rows)
    feed = import_file.describe(path, False).feed
    assert feed and feed.positions == tuple(LEADS[row] for row in rows)
    right(answered(path), small_onnx.logits(SIGNALS))
    with pytest.raises(AssertionError):
        right(answered(small_onnx.save(tmp_path / "b.onnx", rows=rows)), small_onnx.logits(SIGNALS))


def test_fewer_leads(tmp_path: Path) -> None:
    path = small_onnx.save(tmp_path / "a.onnx", f'leads = ["V5", "I"]\n{CARD}', rows=(10, 0))
    masked = np.where(np.isin(np.arange(12), (0, 10))[:, None], SIGNALS, 0)
    right(answered(path), small_onnx.logits(masked))
    refused(small_onnx.save(tmp_path / "b.onnx", rows=(0,)), "1, 1000", "leads = [...]")
    refused(small_onnx.save(tmp_path / "c.onnx", f'leads = ["V7"]\n{CARD}', rows=(0,)), "V7", "I, II, III")


def test_mean_and_std_are_those_of_the_leads_that_it_takes(tmp_path: Path) -> None:
    card = f'leads = ["II", "I"]\n{CARD}[input]\nunit = "standardised"\nmean = [0.1, 0.2]\nstd = [0.5, 0.25]\n'
    path = small_onnx.save(tmp_path / "a.onnx", card, rows=(1, 0))
    seen = np.zeros_like(SIGNALS)
    seen[:, 1], seen[:, 0] = (SIGNALS[:, 1] - 0.1) / 0.5, (SIGNALS[:, 0] - 0.2) / 0.25
    right(answered(path), small_onnx.logits(seen))


@pytest.mark.parametrize("how", ["zscore", "zscore-record", "max", "max-channel"])
def test_records_are_normalised_by_their_own_values(tmp_path: Path, how: Any) -> None:
    axis: Any = 2 if how in ("zscore", "max-channel") else (1, 2)
    wide = SIGNALS.astype(np.float64)
    if how.startswith("zscore"):
        wide = wide - wide.mean(axis, keepdims=True)
        size = wide.std(axis, keepdims=True)
    else:
        size = np.abs(wide).max(axis, keepdims=True)
    expected = wide / np.where(size > 1e-12, size, 1)
    found = normalised(SIGNALS, how)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    path = small_onnx.save(tmp_path / "a.onnx", f'{CARD}[input]\nper_record = "{how}"\n')
    right(answered(path), small_onnx.logits(expected.astype(np.float32)))


def test_flat_leads_stay_finite_in_any_scale() -> None:
    for value in (0.0, 0.123, -5e-5, 1e4):
        found = normalised(np.full((1, 12, 1000), value, np.float32), "zscore")
        assert not found.any(), value


CONSTANT = "[constants]\ndemographics = [63.5, 1, 0, 0, 0, 2]\n"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        (["batch", 6], TensorProto.FLOAT), (["other", 6], TensorProto.DOUBLE), ([1, 6], TensorProto.FLOAT),
        (["batch", "n"], TensorProto.FLOAT16),
    ],
)  # fmt: skip
def test_a_further_input_is_a_constant(tmp_path: Path, shape: list[int | str], kind: int) -> None:
    path = small_onnx.save(tmp_path / "a.onnx", CARD + CONSTANT, further={"demographics": (shape, kind)})
    right(answered(path), small_onnx.logits(SIGNALS) + 66.5)
    right(answered(path, SIGNALS[:1]), small_onnx.logits(SIGNALS[:1]) + 66.5)


def test_a_fixed_batch_and_whole_numbers(tmp_path: Path) -> None:
    card = f"{CARD}[constants]\nage = 63\n"
    path = small_onnx.save(tmp_path / "a.onnx", card, batch=1, further={"age": ([1, 1], TensorProto.INT64)})
    right(answered(path), small_onnx.logits(SIGNALS) + 63)
    path.with_suffix(".toml").write_text(card.replace("63", "63.5"))
    refused(path, "constants.age", "int64", "63.5")


def test_what_has_no_value_or_a_wrong_one_is_refused(tmp_path: Path) -> None:
    further: Any = {"demographics": (["batch", 6], TensorProto.FLOAT)}
    path = small_onnx.save(tmp_path / "a.onnx", further=further)
    refused(path, "signal", "demographics", "[constants] demographics = [6 numbers]")
    path.with_suffix(".toml").write_text(CARD + "[constants]\ndemographics = [1, 2]\n")
    refused(path, "constants.demographics", "2 values do not fill the shape (6,)")
    path.with_suffix(".toml").write_text(CARD + "[constants]\nage = 1\n")
    refused(path, "no input 'age'", "demographics")
    path.with_suffix(".toml").write_text(CARD + CONSTANT + "signal = 1\n")
    refused(path, "none is left for records")
    path.with_suffix(".toml").write_text(CARD + "[columns]\ndemographics = ['age']\n")
    refused(path, "columns", "[constants]")


@pytest.mark.parametrize(("kind", "tolerance"), [(TensorProto.FLOAT16, 2e-3), (TensorProto.DOUBLE, 1e-5)])
def test_other_floats_are_fed_and_read(tmp_path: Path, kind: int, tolerance: float) -> None:
    path = small_onnx.save(tmp_path / "a.onnx", kind=kind, out_kind=kind)
    right(answered(path), small_onnx.logits(SIGNALS), tolerance)


def test_other_types_are_refused(tmp_path: Path) -> None:
    cast = [helper.make_node("Cast", ["signal"], ["x"], to=TensorProto.FLOAT)]
    refused(small_onnx.save(tmp_path / "a.onnx", kind=TensorProto.BFLOAT16, before=cast), "bfloat16", "keep_io_types")
    refused(small_onnx.save(tmp_path / "b.onnx", kind=TensorProto.INT32), "int32", "float32")
    refused(small_onnx.save(tmp_path / "c.onnx", out_kind=TensorProto.INT64), "answers logits", "int64")
    card = f'{CARD}[input]\ndtype = "float16"\n'
    refused(small_onnx.save(tmp_path / "d.onnx", card), "float32", "float16")


class Two(torch.nn.Module):
    """Answers (aux, logits), as a tuple or a dict; `age` adds to them."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        self.register_buffer("weights", torch.from_numpy(small_onnx.weights()))

    def forward(self, x: Any, age: Any = None) -> Any:
        y = (x * x).mean(2) @ self.weights.to(x.dtype)
        y = y if age is None else y + age
        return {"aux": -y, "logits": y} if self.form == "dict" else (-y, y) if self.form == "tuple" else y


def script(path: Path, form: str, card: str, *further: torch.Tensor, dtype: Any = torch.float32) -> Path:
    signals = (torch.zeros(2, 12, 1000, dtype=dtype), *further)
    torch.jit.trace(Two(form), signals, strict=False).save(path)  # type: ignore[no-untyped-call]
    path.with_suffix(".toml").write_text(card)
    return path


@pytest.mark.parametrize(("form", "chosen"), [("tuple", "1"), ("dict", '"logits"')])
def test_torchscript_with_several_outputs(tmp_path: Path, form: str, chosen: str) -> None:
    refused(script(tmp_path / "a.pt", form, CARD), "(1, 5) and", "several outputs", f"output = {chosen}")
    right(answered(script(tmp_path / "b.pt", form, f"output = {chosen}\n{CARD}")), small_onnx.logits(SIGNALS))
    refused(script(tmp_path / "c.pt", form, f'output = "head"\n{CARD}'), "no output 'head'", "(1, 5)")


def test_torchscript_with_one_output_needs_no_name(tmp_path: Path) -> None:
    feed = import_file.describe(script(tmp_path / "a.pt", "", f'output = "probabilities"\n{CARD}'), False).feed
    assert feed and (feed.answer, feed.output) == (None, "probabilities")
    refused(script(tmp_path / "b.pt", "", f"output = 1\n{CARD}"), "one tensor")


def test_what_torchscript_answers_is_read_from_its_code(tmp_path: Path) -> None:
    for form, said in (("", "Tensor"), ("tuple", "Tuple[Tensor, Tensor]"), ("dict", "Dict[str, Tensor]")):
        assert torch_file.returns(script(tmp_path / "a.pt", form, CARD)) == said
    (tmp_path / "b.pt").write_bytes(b"nothing")
    assert torch_file.returns(tmp_path / "b.pt") == ""


def test_torchscript_with_a_constant_in_another_type(tmp_path: Path) -> None:
    path = script(tmp_path / "a.pt", "", CARD + "[constants]\nage = 3\n", torch.zeros(2, 1))
    right(answered(path), small_onnx.logits(SIGNALS) + 3)
    for dtype, tolerance in ((torch.float16, 1e-2), (torch.bfloat16, 5e-2), (torch.float64, 1e-5)):
        card = f'{CARD}[input]\ndtype = "{str(dtype).removeprefix("torch.")}"\n'
        path = script(tmp_path / "b.pt", "", card, dtype=dtype)
        right(answered(path), small_onnx.logits(SIGNALS), tolerance)


def test_a_manifest_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    made = import_file.describe(small_onnx.save(tmp_path / "a.onnx"), False)
    old = to_dict(made) | {
        "feed": {"layout": "leads-first", "mean": [], "std": [], "single": False, "output": "logits"}
    }
    assert validated(Artifact, earlier_input.converted(old), "manifest", ArtifactError) == made
    turned = old | {"feed": {"layout": "samples-first", "leads": ["V1", "I"]}}
    found = validated(Artifact, earlier_input.converted(turned), "manifest", ArtifactError).feed
    assert found == IOAdapter(("sample", "lead"), positions=("V1", "I"))
    turned["feed"]["layout"] = "leads-last"
    with pytest.raises(ArtifactError, match="layout"):
        validated(Artifact, earlier_input.converted(turned), "manifest", ArtifactError)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"positions": ["V9"]}, "V9"), ({"positions": ["I", "I"]}, "leads"),
        ({"axes": ["lead", "row"]}, "axes"), ({"answer": -1}, "answer"),
        ({"answer": True}, "answer"), ({"per_record": "zscor"}, "per_record"), ({"signal": "x" * 501}, "500"),
        ({"mean": [1.0]}, "std"), ({"mean": [1.0], "std": [1.0], "per_record": "max"}, "per_record"),
        ({"constants": [{"name": "a", "values": [1.0], "shape": [2]}]}, r"\(2,\)"),
        ({"constants": [{"name": "a", "values": [1.0], "shape": [-1, -1]}]}, r"\(-1, -1\)"),
        ({"constants": [{"name": "a", "values": [1.0] * 100_001, "shape": [100_001]}]}, "100000 at most"),
        ({"constants": [{"name": str(n), "values": [1.0]} for n in range(17)]}, "16 at most"),
    ],
)  # fmt: skip
def test_an_adapter_that_no_card_makes_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    made = to_dict(import_file.describe(small_onnx.save(tmp_path / "a.onnx"), False))
    with pytest.raises(ArtifactError, match=f"^m: feed.*{said}|^m: .*{said}"):
        validated(Artifact, made | {"feed": made["feed"] | changes}, "m", ArtifactError)


def test_constants_of_any_type_fill_their_shape() -> None:
    assert Constant("a", (1.0,) * 6, (2, 3)).shape == (2, 3)
    assert Constant("a", (1.0,)).shape == ()
