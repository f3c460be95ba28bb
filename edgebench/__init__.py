"""EdgeBench: export trained networks, measure each artifact on the device, and say which one to ship."""

__version__ = "0.1.0"
