"""Profile one backend on one workload."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from molenspin.backends.protocol import Outcome, PhaseSeconds
from molenspin.backends.workload import Contender, Workload
from molenspin.errors import MolenspinError
from molenspin.profiling.sampling import NATIVE_BACKENDS, sample_native, sample_python
from molenspin.profiling.stacks import Stacks
from molenspin.simulation.history import allocate_history
from molenspin.status import CaseStatus


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Where a backend spends its time on a workload.

    Parameters
    ----------
    title
        Workload and backend, as people read it.
    label
        Label of the backend.
    body_count
        Bodies of the assembly.
    stacks
        Call stacks: samples of native code, or microseconds of Python code.
    unit
        ``samples`` or ``us``.
    phases
        Seconds of one run in the four phases, the sampler switched off.
    elapsed
        Seconds of that run as the backend measured them.
    path
        Code path that ran.
    """

    title: str
    label: str
    body_count: int
    stacks: Stacks
    unit: str
    phases: PhaseSeconds
    elapsed: float
    path: str


def profile(workload: Workload, contender: Contender, *, seconds: float = 5.0) -> Profile:
    """Run the workload again and again for some seconds and sample where the time goes.

    Parameters
    ----------
    workload, contender
        What to simulate, and by whom.
    seconds
        Time to sample; the last run is finished beyond it. Of native code it is CPU time, as the samples are.

    Raises
    ------
    MolenspinError
        If the simulation does not finish, or no stack was found in the time given.
    """
    simulate = _simulation(workload, contender)
    outcome = simulate()  # warms up, and gives the phases undisturbed
    native = contender.backend.name in NATIVE_BACKENDS
    sample, clock = (sample_native, time.process_time) if native else (sample_python, time.perf_counter)
    stacks = sample(lambda: _repeat(simulate, seconds, clock))
    if not stacks.counts:
        raise MolenspinError(f"{contender.label}: no stack was sampled in {seconds:g} s; sample for longer")
    return Profile(
        title=f"{contender.label}: {workload.assembly} with {workload.compiled.body_count} bodies, "
        f"{workload.settings.integrator}, dt = {workload.settings.dt:g} s",
        label=contender.label,
        body_count=workload.compiled.body_count,
        stacks=stacks,
        unit="samples" if native else "us",
        phases=outcome.phases,
        elapsed=outcome.elapsed,
        path=outcome.path,
    )


def _simulation(workload: Workload, contender: Contender) -> Callable[[], Outcome]:
    history = allocate_history(workload.compiled, workload.settings, reaction=False)

    def simulate() -> Outcome:
        outcome = contender.backend.run(workload.compiled, workload.settings, contender.execution, history)
        failed = [CaseStatus(int(status)) for status in outcome.status if status != CaseStatus.OK]
        if failed:
            raise MolenspinError(f"{contender.label}: the run to profile ended as {failed[0].label}")
        return outcome

    return simulate


def _repeat(simulate: Callable[[], Outcome], seconds: float, clock: Callable[[], float]) -> None:
    """Once at least."""
    end = clock() + seconds
    simulate()
    while clock() < end:
        simulate()
