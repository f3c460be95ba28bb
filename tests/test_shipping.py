"""The file to copy is the one that was measured, and the program beside it decides as the measured runtime did."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from decisions import CELL
from own_files import CODE  # noqa: F401 - the network that takes standardised signals

from edgebench import artifacts, shipping, snippets
from edgebench.contracts import Artifact, Feed, RecordSet
from edgebench.measurements import Measurement, Run
from edgebench.records import to_json
from edgebench.runtimes.onnx import RUNTIME as ONNX
from edgebench.statistics import decide
