"""Contenders on one workload, timed in interleaved rounds and held to one trajectory, without a reference."""

from argparse import Namespace
from collections.abc import Sequence

from benchmarks.session import clock, schedule
from molenspin.backends.workload import Contender, Workload
from molenspin.timing import Environment, TimingRecord, Verdict
from molenspin.timing.measure import case_of
from molenspin.timing.physics import judge
from molenspin.timing.records import Physics
from molenspin.timing.rounds import run_rounds
from molenspin.timing.simulation_task import SimulationTask


def compare(
    workload: Workload, contenders: Sequence[Contender], environment: Environment, options: Namespace
) -> list[TimingRecord]:
    """Time the contenders, each once per round, and hold what they computed to the first one's trajectory."""
    tasks = {contender.label: SimulationTask(workload, contender) for contender in contenders}
    samples = run_rounds(tasks, schedule(options), clock=clock(options))
    computed = {label: run for label, task in tasks.items() if (run := task.computed)}
    physics = judge(computed, trusted=contenders[0].label, tolerance=workload.settings.tolerance)
    return [
        TimingRecord(
            case=case_of(workload),
            backend=label,
            session=environment.session,
            samples=samples[label],
            physics=physics.get(label) or Physics(verdict=Verdict.FAILED, reason=samples[label].failure),
            path=run.outcome.path if (run := computed.get(label)) else "",
        )
        for label in tasks
    ]
