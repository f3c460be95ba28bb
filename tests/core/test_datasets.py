"""The contract of every dataset of the new kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgebench.core.datasets import DataRequest, Dataset, Published
from edgebench.core.errors import EdgeBenchError
from edgebench.data.chosen_options import chosen
from edgebench.data.cifar10.dataset import DATASET as CIFAR10
from edgebench.data.demos.dataset import DIGITS, ECHO, IMAGES
from edgebench.data.echonet.dataset import DATASET as ECHONET
from edgebench.data.image_folder.dataset import DATASET as FOLDER
from edgebench.data.mnist.dataset import DATASET as MNIST
from edgebench.data.own_arrays.dataset import DATASET as ARRAYS

PUBLISHED: tuple[Published, ...] = (CIFAR10, MNIST, ECHONET)
DATASETS: tuple[Dataset, ...] = (*PUBLISHED, FOLDER, ARRAYS, DIGITS, IMAGES, ECHO)


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_what_every_dataset_says_of_itself(dataset: Dataset) -> None:
    assert dataset.name == dataset.name.lower() and dataset.label and dataset.license
    assert set(dataset.splits) == {"train", "validation", "test"}
    assert len(dataset.summary) < 120 and "\n" not in dataset.summary
    assert dataset.task in ("classification", "regression", "") and len(set(dataset.classes)) == len(dataset.classes)
    assert set(chosen(dataset.name, dataset.options, {})) == set(dataset.options)
    for option in dataset.options.values():
        assert option.meaning and (not option.words or option.default in option.words)
        assert option.low is None or option.low <= int(option.default)


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_requests_that_cannot_be_met_are_one_line(dataset: Dataset, tmp_path: Path) -> None:
    requests = [DataRequest("test", options={"no such": "x"}), DataRequest("test", tmp_path, limit=0)]
    if not dataset.name.startswith("demo"):
        requests += [
            DataRequest("test"),
            DataRequest("test", tmp_path),
            DataRequest("test", tmp_path / "no"),
            DataRequest("test", Path("\0")),
        ]
    for request in requests:
        with pytest.raises(EdgeBenchError) as raised:
            dataset.load(request)
        assert "\n" not in str(raised.value)


def test_names_are_unique() -> None:
    assert len({dataset.name for dataset in DATASETS}) == len(DATASETS)
