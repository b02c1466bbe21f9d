"""Molenspin against rival simulators on the family `rig`: same physics, interleaved, errors measured.

`python -m benchmarks.against_rivals` times every rival that is installed, in interleaved rounds on one
thread. Each records every step of 10 s at dt = 1e-3. One that is slow at a size runs fewer steps there, and
its error is taken at the time that it reached.
"""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.race import COMPILATION, Entrant, race
from benchmarks.result_files import save_rows
from benchmarks.rivals import RIVAL_PACKAGES, RIVALS, get_rival, installed
from benchmarks.rivals.exact import angle_error
from benchmarks.rivals.protocol import RigHistory, RigRun, Rival
from benchmarks.session import affordable_steps, clock, new_parser, pinned_machine, progress, schedule
from molenspin.assembly.families import Family
from molenspin.integrators import Integrator
from molenspin.timing import TimingCase

SIZES = (4, 12, 24, 48, 192, 768)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="rivals", sizes=SIZES)
    parser.set_defaults(budget=COMPILATION)
    parser.add_argument("--rivals", nargs="+", choices=tuple(RIVALS), default=tuple(RIVALS))
    options = parser.parse_args(arguments)
    with pinned_machine(options, packages=RIVAL_PACKAGES) as environment:
        rivals = installed(options.rivals, get_rival, progress)
        for size in options.sizes:
            progress(f"rig, {size} bodies")
            entrants = [
                enter(rival, RigRun(body_count=size, step_count=options.steps))
                for rival in rivals
                if size <= rival.largest_size
            ]
            records = race(entrants, schedule(options), environment, clock=clock(options))
            save_rows(records, environment, options.output)
    return 0


def enter(rival: Rival, run: RigRun) -> Entrant[RigHistory]:
    """A rival with as many steps as it can afford."""
    steps = affordable_steps(run.step_count, body_count=run.body_count, full_size=rival.full_size)
    own_run = replace(run, step_count=steps)
    return Entrant(
        label=rival.label,
        method=rival.method,
        case=_case(own_run),
        simulate=rival.prepare(own_run),
        error=lambda history: angle_error(history, steps * run.dt),
    )


def _case(run: RigRun) -> TimingCase:
    return TimingCase(
        assembly=Family.RIG,
        body_count=run.body_count,
        member_count=1,
        integrator=Integrator.RK4,
        dt=run.dt,
        step_count=run.step_count,
        save_every=1,
    )


if __name__ == "__main__":
    raise SystemExit(main())
