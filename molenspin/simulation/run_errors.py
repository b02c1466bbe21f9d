"""The errors of runs that stopped early: step, time, who is to blame, what to try."""

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.assembly.modes import stable_step
from molenspin.backends.protocol import Outcome, Settings
from molenspin.errors import ConvergenceError, InstabilityError, SimulationError
from molenspin.status import CaseStatus


def run_error(
    compiled: CompiledAssembly, settings: Settings, outcome: Outcome, member: int
) -> SimulationError | None:
    """The error of a member that stopped early, None if it ran to its end."""
    status, step = CaseStatus(int(outcome.status[member])), int(outcome.stop_step[member])
    index = int(outcome.stop_index[member])
    if status == CaseStatus.NOT_CONVERGED:
        return _convergence_error(compiled, settings, step, index, float(outcome.stop_residual[member]))
    if status == CaseStatus.DIVERGED:
        return _instability_error(compiled.member(member), settings, step, index)
    if status != CaseStatus.OK:
        time = max(step - 1, 0) * settings.dt
        return SimulationError(
            f"assembly {compiled.name}: {status.label} at step {step}", step=step, time=time
        )
    return None


def _convergence_error(
    compiled: CompiledAssembly, settings: Settings, step: int, index: int, residual: float
) -> ConvergenceError:
    time, name = max(step - 1, 0) * settings.dt, compiled.constraint_names[index]
    place = "in the initial state" if step == 0 else f"in step {step}, at t = {time:g} s"
    advice = (
        "check that the start can satisfy it"
        if step == 0
        else f"try a smaller dt than {settings.dt:g} s, or check whether the mechanism can pass this position"
    )
    return ConvergenceError(
        f"assembly {compiled.name}: Newton did not converge {place}: constraint {name} has residual "
        f"{residual:.3g}, tolerance {settings.tolerance:g}; {advice}",
        step=step,
        time=time,
        constraint=name,
        residual=residual,
        tolerance=settings.tolerance,
    )


def _instability_error(
    compiled: CompiledAssembly, settings: Settings, step: int, index: int
) -> InstabilityError:
    time, body = max(step - 1, 0) * settings.dt, compiled.body_names[index]
    limit = stable_step(compiled, settings.integrator)
    return InstabilityError(
        f"assembly {compiled.name}: the state of body {body} ran away in step {step}, at t = {time:g} s; "
        f"the fastest mode allows {settings.integrator} a dt of about {limit:.2g} s, used was "
        f"{settings.dt:g} s: use a smaller dt",
        step=step,
        time=time,
        body=body,
        stable_dt=limit,
    )


def run_messages(compiled: CompiledAssembly, settings: Settings, outcome: Outcome) -> list[str]:
    """What stopped each member, "" for those that ran to their end."""
    errors = (run_error(compiled, settings, outcome, member) for member in range(compiled.member_count))
    return [str(error) if error else "" for error in errors]
