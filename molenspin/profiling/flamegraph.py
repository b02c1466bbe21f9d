"""Flamegraphs as SVG that can be zoomed and searched in a browser, drawn by the compiled core's library."""

from molenspin.profiling.stacks import Stacks


def draw_flamegraph(stacks: Stacks, *, title: str, unit: str = "samples") -> str:
    """Return the flamegraph of the stacks as SVG."""
    from molenspin._core import flamegraph

    return flamegraph(stacks.to_text(), title, unit)


def draw_difference(before: Stacks, after: Stacks, *, title: str, unit: str = "samples") -> str:
    """Return the flamegraph of ``after`` as SVG: red where a share grew, blue where it fell."""
    from molenspin._core import difference_flamegraph

    return difference_flamegraph(before.to_text(), after.to_text(), title, unit)
