"""The NumPy backend: members one after another, each on the dense assembly-wide model."""

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np

from molenspin.assembly.compiled import CompiledAssembly, Floats
from molenspin.backends.free_memory import require_memory
from molenspin.backends.numpy_integrators import STEPS, Counters, NotConvergedError, State, Stepper
from molenspin.backends.numpy_model import DenseModel, dense_bytes
from molenspin.backends.protocol import RUNAWAY_LIMIT, Execution, History, Outcome, PhaseSeconds, Settings
from molenspin.errors import InvalidValueError
from molenspin.status import CaseStatus


@dataclass
class _MemberRun:
    """How one member ended."""

    status: CaseStatus = CaseStatus.OK
    stop_step: int = 0
    stop_index: int = -1
    stop_residual: float = 0.0
    max_residual: float = 0.0
    counters: Counters = field(default_factory=Counters)


class NumpyBackend:
    """Dense, vectorised over bodies, float64 on the CPU: the baseline that speedups are measured against."""

    name = "numpy"

    def run(
        self, compiled: CompiledAssembly, settings: Settings, execution: Execution, history: History
    ) -> Outcome:
        """Simulate all members; see `molenspin.backends.protocol.Backend`."""
        if execution.device not in ("auto", "cpu") or execution.dtype != "float64":
            raise InvalidValueError(
                f"backend numpy computes in float64 on the cpu, not in {execution.dtype} on "
                f"{execution.device}: use backend torch"
            )
        require_memory(
            dense_bytes(compiled),
            f"assembly {compiled.name}: the dense matrices of {compiled.body_count} bodies",
            "backend numpy is the dense baseline for small assemblies; use backend rust",
        )
        start = perf_counter()
        runs = [
            _run_member(compiled.member(number), settings, history, number)
            for number in range(compiled.member_count)
        ]
        return _outcome(runs, perf_counter() - start)


def _run_member(compiled: CompiledAssembly, settings: Settings, history: History, member: int) -> _MemberRun:
    stepper = Stepper(DenseModel(compiled), settings)
    step_function, run = STEPS[settings.integrator], _MemberRun(counters=stepper.counters)
    step = 0
    try:
        state = stepper.project(compiled.initial_position, compiled.initial_velocity, 0.0)
        run.max_residual = state.residual
        _record(stepper, state, 0, history, member)
        for step in range(1, settings.step_count + 1):
            with np.errstate(all="ignore"):  # a runaway state is reported below, by name
                state = step_function(stepper, state, (step - 1) * settings.dt)
            run.max_residual = max(run.max_residual, state.residual)
            if _ran_away(state, run, step):
                break
            if step % settings.save_every == 0:
                _record(stepper, state, step, history, member)
    except NotConvergedError as error:
        _blame(error.residual, run, step)
    run.stop_step = step
    if run.status != CaseStatus.OK:
        _blank(history, member, (step + settings.save_every - 1) // settings.save_every)
    return run


def _ran_away(state: State, run: _MemberRun, step: int) -> bool:
    size = np.maximum(np.abs(state.position), np.abs(state.velocity))
    if np.all(size < RUNAWAY_LIMIT):
        return False
    worst = int(np.argmax(np.where(np.isnan(size), np.inf, size)))
    run.status, run.stop_index, run.stop_step = CaseStatus.DIVERGED, worst // 2, step
    return True


def _blame(residual: Floats, run: _MemberRun, step: int) -> None:
    worst = int(np.argmax(np.where(np.isnan(residual), np.inf, np.abs(residual))))
    run.status, run.stop_index, run.stop_step = CaseStatus.NOT_CONVERGED, worst, step
    run.stop_residual = float(abs(residual[worst]))


def _record(stepper: Stepper, state: State, step: int, history: History, member: int) -> None:
    sample = step // stepper.settings.save_every
    history.angle[member, :, sample] = state.position[0::2]
    history.displacement[member, :, sample] = state.position[1::2]
    history.angular_velocity[member, :, sample] = state.velocity[0::2]
    history.velocity[member, :, sample] = state.velocity[1::2]
    if history.reaction is not None:
        history.reaction[member, :, sample] = stepper.reaction(state, step * stepper.settings.dt)


def _blank(history: History, member: int, first_sample: int) -> None:
    for name in ("angle", "displacement", "angular_velocity", "velocity", "reaction"):
        buffer = getattr(history, name)
        if buffer is not None:
            buffer[member, :, first_sample:] = np.nan


def _outcome(runs: list[_MemberRun], elapsed: float) -> Outcome:
    return Outcome(
        status=np.array([run.status for run in runs], dtype=np.int8),
        stop_step=np.array([run.stop_step for run in runs], dtype=np.int64),
        stop_index=np.array([run.stop_index for run in runs], dtype=np.int64),
        stop_residual=np.array([run.stop_residual for run in runs]),
        max_residual=np.array([run.max_residual for run in runs]),
        newton_iterations=np.array([run.counters.newton_iterations for run in runs], dtype=np.int64),
        force_evaluations=np.array([run.counters.force_evaluations for run in runs], dtype=np.int64),
        phases=PhaseSeconds(),
        elapsed=elapsed,
        path="numpy dense",
    )
