"""Where tests of AOTInductor can compile."""

from __future__ import annotations

import os
import platform
import shutil

import pytest

compiler = pytest.mark.skipif(
    platform.machine() != "x86_64" or not shutil.which(os.environ.get("CXX", "g++")),
    reason="AOTInductor compiles on x86-64 with a C++ compiler",
)
