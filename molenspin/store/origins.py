"""Where a result comes from, kept as one text for each case: the code's fingerprint, and the machine."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

FINGERPRINT_DIGITS = 16


def origin_of(fingerprint: int, machine: str) -> str:
    """The text: 16 hexadecimal digits, a space, the machine."""
    return f"{fingerprint:0{FINGERPRINT_DIGITS}x} {machine}"


def fingerprints(origins: NDArray[Any]) -> NDArray[np.uint64]:
    """Numbers of the code's fingerprints; 0 where there is no result.

    Raises
    ------
    ValueError
        If a text is no origin.
    """
    return _parsed(origins, _fingerprint, np.uint64)


def machines(origins: NDArray[Any]) -> NDArray[Any]:
    """Machines; "" where there is no result."""
    return _parsed(origins, lambda text: text[FINGERPRINT_DIGITS + 1 :], np.dtypes.StringDType())


def _fingerprint(text: str) -> int:
    return int.from_bytes(bytes.fromhex(text[:FINGERPRINT_DIGITS]))


def _parsed(origins: NDArray[Any], parse: Callable[[str], Any], dtype: Any) -> NDArray[Any]:  # noqa: ANN401
    """Every distinct text is parsed once: a store of a million cases has a few."""
    texts = np.asarray(origins).ravel().tolist()
    known = {text: parse(text) for text in set(texts)}
    return np.array([known[text] for text in texts], dtype=dtype).reshape(np.shape(origins))
