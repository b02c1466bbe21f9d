"""Ensembles of the rig by molenspin and by rivals: one thread, final states only.

`python -m benchmarks.ensembles_against_rivals` varies the inertia and the mass of every body, so that nothing
can be shared between members.
"""

from collections.abc import Sequence

from benchmarks.race import COMPILATION, Entrant, race
from benchmarks.result_files import save_rows
from benchmarks.rivals import ENSEMBLE_RIVALS, RIVAL_PACKAGES, get_ensemble_rival, installed
from benchmarks.rivals.exact import ensemble_error
from benchmarks.rivals.protocol import EnsembleRival, EnsembleRun, Floats
from benchmarks.rivals.reduced_rig import ReducedRig
from benchmarks.session import clock, new_parser, pinned_machine, progress, schedule
from molenspin.assembly.families import Family
from molenspin.integrators import Integrator
from molenspin.timing import TimingCase

SIZES = (4, 12, 48)
MEMBERS = 256
STEPS = 1000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the results."""
    parser = new_parser(__doc__, name="ensemble_rivals", sizes=SIZES)
    parser.set_defaults(steps=STEPS, budget=COMPILATION)
    parser.add_argument("--rivals", nargs="+", choices=tuple(ENSEMBLE_RIVALS), default=tuple(ENSEMBLE_RIVALS))
    parser.add_argument("--members", type=int, default=MEMBERS)
    options = parser.parse_args(arguments)
    with pinned_machine(options, packages=RIVAL_PACKAGES) as environment:
        rivals = installed(options.rivals, get_ensemble_rival, progress)
        for size in options.sizes:
            progress(f"rig, {size} bodies, {options.members} members")
            rigs = ReducedRig.varied(size, options.members)
            run = EnsembleRun(inertia=rigs.inertia, mass=rigs.mass, step_count=options.steps)
            entrants = [enter(rival, run) for rival in rivals]
            records = race(entrants, schedule(options), environment, clock=clock(options))
            save_rows(records, environment, options.output)
    return 0


def enter(rival: EnsembleRival, run: EnsembleRun) -> Entrant[Floats]:
    """A rival with its errors."""
    return Entrant(
        label=rival.label,
        method=rival.method,
        case=_case(run),
        simulate=rival.prepare(run),
        error=lambda final: ensemble_error(final, run),
    )


def _case(run: EnsembleRun) -> TimingCase:
    member_count, body_count = run.inertia.shape
    return TimingCase(
        assembly=Family.RIG,
        body_count=body_count,
        member_count=member_count,
        integrator=Integrator.RK4,
        dt=run.dt,
        step_count=run.step_count,
        save_every=run.step_count,
    )


if __name__ == "__main__":
    raise SystemExit(main())
