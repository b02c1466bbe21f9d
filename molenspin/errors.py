"""Every error that molenspin raises on purpose.

All derive from `MolenspinError`, so a caller (the command line, a workflow rule) can show the message
alone: it says what is wrong, where, and what to do.
"""

from pathlib import Path


class MolenspinError(Exception):
    """Base of all errors of the package."""


class InvalidValueError(MolenspinError, ValueError):
    """An argument has a value that is not allowed."""


class InvalidTypeError(MolenspinError, TypeError):
    """An argument has a type that is not allowed; the message may show anything, so it is cut to a line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split())[:500])


class DamagedFileError(MolenspinError):
    """A file is not what was written there: cut off, changed, of another kind, or about something else.

    Parameters
    ----------
    path
        The file.
    reason
        What is wrong with it, one line that goes on from its name.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.reason = reason


class InternalError(MolenspinError):
    """A fault of the program, not of what it was asked to do.

    Parameters
    ----------
    message
        What it raised, and during what.
    trace
        The traceback, for the log.
    """

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


class MergeConflictError(MolenspinError):
    """Two results disagree in the physics of the same case."""


class OverconstrainedError(MolenspinError):
    """Constraints are redundant or contradict each other.

    Parameters
    ----------
    message
        What is wrong and what to do.
    constraints
        Names of the constraints that depend on each other.
    """

    def __init__(self, message: str, *, constraints: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.constraints = constraints


class SimulationError(MolenspinError):
    """A simulation stopped before its end.

    Parameters
    ----------
    message
        What happened, where, and what to try.
    step
        Index of the step that failed (0 is the projection of the initial state).
    time
        Time at the start of that step [s].
    """

    def __init__(self, message: str, *, step: int, time: float) -> None:
        super().__init__(message)
        self.step = step
        self.time = time


class ConvergenceError(SimulationError):
    """Newton did not bring the constraints within tolerance.

    Parameters
    ----------
    message, step, time
        As for `SimulationError`.
    constraint
        Name of the constraint with the largest residual.
    residual, tolerance
        Largest residual reached, and the one that was asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        step: int,
        time: float,
        constraint: str,
        residual: float,
        tolerance: float,
    ) -> None:
        super().__init__(message, step=step, time=time)
        self.constraint = constraint
        self.residual = residual
        self.tolerance = tolerance


class InstabilityError(SimulationError):
    """A state is not finite or has run away.

    Parameters
    ----------
    message, step, time
        As for `SimulationError`.
    body
        Name of the body whose state ran away.
    stable_dt
        Largest step that the fastest linear mode allows the integrator [s].
    """

    def __init__(self, message: str, *, step: int, time: float, body: str, stable_dt: float) -> None:
        super().__init__(message, step=step, time=time)
        self.body = body
        self.stable_dt = stable_dt
