"""Make the bank of mean beats that the demo set is synthesised from.

    python scripts/make_demo.py PTBXL_FOLDER

For each combination of superclasses it clusters the median beats of the training folds' records by shape. Each
cluster of at least 50 records becomes one template: the mean of their median beats, 12 leads, 0.9 s at 100 Hz. No
template is a single patient's signal, or lets one be computed. It does not read folds 9 and 10.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from edgebench.core import registry
from edgebench.core.datasets import DataRequest
from edgebench.data.signals import SUPERCLASSES

OUTPUT = Path(__file__).parent.parent / "edgebench" / "data" / "demo"
BEFORE, AFTER = 33, 57
"""Samples before and after the R peak."""
LEAST_RECORDS = 50
MOST_CLUSTERS = 10
MOST_RECORDS = 3000


def median_beat(microvolts: NDArray[np.int16]) -> NDArray[np.float64] | None:
    """The median over the beats of one record, shape (12, BEFORE + AFTER), in mV; None where beats are not found."""
    signal = microvolts / 1000.0
    steepness = np.convolve((np.diff(signal, axis=1) ** 2).sum(0), np.ones(9) / 9, "same")
    peaks, _ = find_peaks(steepness, distance=35, height=0.35 * np.quantile(steepness, 0.985))
    beats = []
    for peak in peaks:
        near = np.abs(signal[:, max(0, peak - 6) : peak + 7]).sum(0)
        centre = max(0, peak - 6) + int(near.argmax())
        if centre >= BEFORE and centre + AFTER <= signal.shape[1]:
            beat = signal[:, centre - BEFORE : centre + AFTER]
            beats.append(beat - np.median(beat, axis=1, keepdims=True))
    return np.median(beats, axis=0) if len(beats) >= 5 else None


def templates_of(beats: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], int]]:
    """Mean beats of the clusters, each with the number of its records."""
    clusters = max(1, min(MOST_CLUSTERS, len(beats) // 120))
    shapes = PCA(min(20, len(beats)), random_state=0).fit_transform(beats.reshape(len(beats), -1))
    member = KMeans(clusters, n_init=4, random_state=0).fit_predict(shapes)
    sizes = np.bincount(member)
    return [(beats[member == c].mean(0), int(sizes[c])) for c in range(clusters) if sizes[c] >= LEAST_RECORDS]


def main() -> None:
    """Write the bank and its description."""
    records = registry.dataset("ptbxl").load(DataRequest("train", Path(sys.argv[1])))
    signals = np.load(records.input.path)
    bank, labels, counts = [], [], []
    for combination in np.unique(records.labels, axis=0):
        rows = np.flatnonzero((records.labels == combination).all(1))[:MOST_RECORDS]
        beats = [beat for row in rows if (beat := median_beat(np.asarray(signals[row]))) is not None]
        if len(beats) < 2 * LEAST_RECORDS:
            continue
        for beat, count in templates_of(np.array(beats)):
            bank.append(np.rint(beat * 1000).astype(np.int16))
            labels.append(combination)
            counts.append(count)
    OUTPUT.mkdir(exist_ok=True)
    np.savez_compressed(OUTPUT / "beats.npz", beats=np.array(bank), labels=np.array(labels), counts=np.array(counts))
    about = {
        "what": "mean beats of clusters of PTB-XL training-fold records (folds 1-8), int16 microvolts, 100 Hz",
        "made_by": "scripts/make_demo.py",
        "templates": len(bank),
        "fewest_records_in_a_mean": min(counts),
        "combinations": sorted({"+".join(np.array(SUPERCLASSES)[row.astype(bool)]) for row in np.array(labels)}),
        "source": "Wagner et al., PTB-XL 1.0.3, PhysioNet 2022, doi:10.13026/kfzx-aw45, CC BY 4.0",
        "license": "CC-BY-4.0",
    }
    (OUTPUT / "about.json").write_text(json.dumps(about, indent=2) + "\n")
    print(json.dumps(about, indent=2))


if __name__ == "__main__":
    main()
