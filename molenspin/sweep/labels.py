"""Names for people: two different contents under one name are told apart by a short key."""

from collections import Counter
from collections.abc import Hashable, Mapping

KEY_DIGITS = 6
"""Digits of a content's hash that are shown: two of 100 contents of one name agree once in 3000 sweeps."""


def keyed_name(name: str, content: str) -> str:
    """A name with the first digits of the hash of what it stands for: ``winch@3f2a91``."""
    return f"{name}@{content[:KEY_DIGITS]}"


def shared_names(names: Mapping[str, Hashable]) -> set[Hashable]:
    """Names that stand for several contents.

    Parameters
    ----------
    names
        The name of each content, by the content's hash, with whatever else is shown beside it.
    """
    return {name for name, count in Counter(names.values()).items() if count > 1}
