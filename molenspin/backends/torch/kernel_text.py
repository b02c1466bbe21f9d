"""A fused kernel as text: what it is made into, and its pieces that are the same for every assembly."""

from dataclasses import dataclass

from torch import Tensor

from molenspin.assembly.compiled import Floats, Indices
from molenspin.status import CaseStatus

SIGNATURE = """
@jit
def simulate(
    shared, varying, links, state, record, reaction, stopped, status_of, stop_step_of, iterations_of,
    worst_of, first_step, last_step, save_every, newton_limit, UNITS,
    LANES: tl.constexpr, MEMBERS: tl.constexpr, REACTION: tl.constexpr,
):
"""

LOAD = f"""
number = lane_numbers(LANES * MEMBERS)
unit = tl.program_id(0) * (LANES * MEMBERS) + number
lane = number % LANES
base = number - lane
status = tl.load(status_of + unit)
alive = status == {int(CaseStatus.OK)}
stop_step = tl.load(stop_step_of + unit)
iterations = tl.load(iterations_of + unit)
worst = tl.load(worst_of + unit)
zero = worst * 0.0
"""

STORE = """
tl.store(status_of + unit, status)
tl.store(stop_step_of + unit, stop_step)
tl.store(iterations_of + unit, iterations)
tl.store(worst_of + unit, worst)
"""

RUNAWAY = """
verdict = member_or((alive & (bounded == 0)).to(tl.int32), LANES, MEMBERS)
"""

LOSE = f"""
lost = verdict > 0
alive = alive & (lost == 0)
status = tl.where(lost, {int(CaseStatus.DIVERGED)}, status)
stop_step = tl.where(lost, step, stop_step)
"""


@dataclass(frozen=True, kw_only=True)
class KernelSource:
    """A kernel and the tables it reads.

    Parameters
    ----------
    text
        Python source of the Triton function ``simulate``.
    shared, varying
        Coefficients, (k, lane_count) and (k, member_count, lane_count).
    links
        Lanes to gather from, (k, lane_count).
    """

    text: str
    shared: Floats
    varying: Tensor
    links: Indices
