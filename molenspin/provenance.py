"""Where results come from: versions, and the fingerprint of the code that computes trajectories."""

import platform
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

COMPUTING_SOURCES = ("assembly", "backends", "integrators.py", "status.py")
"""Parts of the package that determine a trajectory. Editing them makes stored results stale."""

SHARED_SOURCES = ("assembly", "backends/protocol.py", "backends/settings.py", "integrators.py", "status.py")
"""Those of them that every backend uses."""


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
    return _hash_sources([root / source for source in COMPUTING_SOURCES], _core_hash())


@cache
def backend_fingerprint(backend: str) -> str:
    """Hash of the sources behind the results of one backend: what all share, and files named after it."""
    root = Path(__file__).parent
    own = sorted((root / "backends").glob(f"{backend}*"))
    core = _core_hash() if backend == "rust" else ""
    return _hash_sources([*(root / source for source in SHARED_SOURCES), *own], core)


def _hash_sources(sources: Iterable[Path], core: str) -> str:
    root = Path(__file__).parent
    digest = sha256()
    for path in sources:
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(root).as_posix().encode())
            digest.update(file.read_bytes())
    digest.update(core.encode())
    return digest.hexdigest()[:16]


def _core_hash() -> str:
    try:
        from molenspin._core import source_hash
    except ImportError:
        return "no compiled core"
    return str(source_hash)
