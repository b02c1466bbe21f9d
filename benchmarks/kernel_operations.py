"""Counts the float64 additions and products that a fused kernel does for one body and step.

The count is read off the kernel's own source: every `+`, `-` and `*` between values counts 1, a device
function what its body holds, the Newton loop as often as it ran in a run. Comparisons, selections, loads and
address arithmetic count nothing.
"""

import re
from collections import Counter

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Settings
from molenspin.backends.torch.kernel_source import kernel_source
from molenspin.backends.torch.layout import lane_layout

FUNCTION_OPERATIONS = {
    "sine_cosine": 30,
    "sine": 30,
    "hyperbolic_tangent": 42,
    "reciprocal": 6,
    "inverse_root": 9,
    "tooth_force": 4,
}
STAGES = 4
"""Passes of the loop per step of rk4."""


def operations_per_body_step(
    compiled: CompiledAssembly, settings: Settings, newton_iterations: float
) -> float:
    """Operations of rk4 per body and step, copies and padding of lanes included.

    Parameters
    ----------
    compiled, settings
        What was run.
    newton_iterations
        Newton iterations of one member in one step.
    """
    layout = lane_layout(compiled)
    counts = _by_block(kernel_source(compiled, layout, settings, "float64").text)
    per_lane = (
        STAGES * counts["pass"]
        + (STAGES + newton_iterations) * counts["evaluate"]
        + newton_iterations * counts["correct"]
        + counts["start"]
        + counts["end"]
        + (STAGES - 1) * counts["stage"]
    )
    return per_lane * layout.lane_count / compiled.body_count


def _by_block(text: str) -> Counter[str]:
    """Operations of each block of the time loop, by what decides how often it runs."""
    headers = {
        "while tick": "pass",
        "while pending": "evaluate",
        "if pending": "correct",
        "if stage == 0": "start",
        "if stage == 3": "end",
        "else": "stage",
        "if verdicts": "lost",
        "if block_or": "lost",
        "if step": "record",
        "if REACTION": "reaction",
        "if tick": "pass",
    }
    counts: Counter[str] = Counter()
    blocks = [(-1, "outside")]
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        while indent <= blocks[-1][0]:
            blocks.pop()
        name = next((kind for header, kind in headers.items() if line.strip().startswith(header)), None)
        if name:
            blocks.append((indent, name))
        else:
            counts[blocks[-1][1]] += _operations(line)
    return counts


def _operations(line: str) -> int:
    """Operations between values in one line; what stands inside a load is an address."""
    expression = re.sub(r"tl\.load\([^()]*\)", "k", line.partition("=")[2])
    calls = sum(cost for name, cost in FUNCTION_OPERATIONS.items() if f" {name}(" in f" {expression}")
    if not re.match(r"\s*(?:[a-z]+\d+|x\d+_kept)\b", line):
        return 0
    return calls + len(re.findall(r"(?<=[\w)]) [-+*] (?=[\w(])", expression))
