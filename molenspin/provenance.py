"""Where results come from: versions, and the fingerprint of the code that computes trajectories."""

import platform
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

COMPUTING_SOURCES = ("assembly", "backends", "integrators.py", "status.py")
"""Parts of the package that determine a trajectory. Editing them makes stored results stale."""


@cache
def versions() -> dict[str, str]:
    """Versions of molenspin, Python, NumPy and SciPy, and the code fingerprint."""
    packages = {name: version_of(name) for name in ("molenspin", "numpy", "scipy")}
    return {**packages, "python": platform.python_version(), "fingerprint": code_fingerprint()}


def version_of(package: str) -> str:
    """Version of an installed package, or ``unknown``."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


@cache
def code_fingerprint() -> str:
    """Hash of the sources that compute trajectories, those of the compiled core included.

    It is the same on every machine that runs the same sources.
    """
    root = Path(__file__).parent
    digest = sha256()
    for source in COMPUTING_SOURCES:
        path = root / source
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes())
    digest.update(_core_hash().encode())
    return digest.hexdigest()[:16]


def _core_hash() -> str:
    try:
        from molenspin._core import source_hash
    except ImportError:
        return "no compiled core"
    return str(source_hash)
