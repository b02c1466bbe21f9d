"""A timing session from start to end: pin, record, refuse a debug build, measure."""

from collections.abc import Callable, Sequence

from molenspin.backends.workload import Contender, Workload
from molenspin.timing.archive import ArchivedSession
from molenspin.timing.environment import read_environment, refuse_debug_build
from molenspin.timing.measure import measure
from molenspin.timing.records import TimingResults
from molenspin.timing.rounds import Schedule
from molenspin.timing.threads import pinned_threads


def time_backends(
    workloads: Sequence[Workload],
    contenders: Sequence[Contender],
    *,
    schedule: Schedule,
    threads: int = 1,
    machine: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
    archive: ArchivedSession | None = None,
) -> TimingResults:
    """Time all contenders on all workloads, alone on ``threads`` processors of this machine.

    Parameters
    ----------
    workloads, contenders
        What to simulate, and by whom; the first contender is the one that the others are checked against.
    schedule
        Repeats, warm-up, budget and seed.
    threads
        Threads and processors to hold everything to.
    machine
        Name of this machine in the results; its host name and processor by default.
    progress
        Called with one line before each workload.
    archive
        Keeps what is finished, and knows what was finished before an interruption.

    Raises
    ------
    MolenspinError
        If the compiled core is a debug build.
    """
    with pinned_threads(threads) as pinning:
        environment = read_environment(pinning, machine=machine)
        refuse_debug_build(environment.build_profile)
        if archive:
            environment = archive.resumed(environment)
        return measure(
            workloads, contenders, environment, schedule=schedule, progress=progress, keeper=archive
        )
