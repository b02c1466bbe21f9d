"""What the tests run over: the reference assemblies, and the backends that are installed."""

from pathlib import Path

from molenspin.backends.registry import available_backends

REFERENCE = Path(__file__).parent / "reference"
ASSEMBLIES = ("mill4", "mill12", "train8", "zoo-a", "zoo-b")
BACKENDS = available_backends()
