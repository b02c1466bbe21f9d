"""The Rust backend: sparse, vectorised, members side by side; it computes in `molenspin._core`."""

from hashlib import sha256
from pathlib import Path
from types import ModuleType

from molenspin import _core
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import RUNAWAY_LIMIT, Execution, History, Outcome, PhaseSeconds, Settings
from molenspin.errors import InvalidValueError

SOURCES = Path(__file__).parents[2] / "rust"
"""Sources of the core, where the package is used from its repository."""


class RustBackend:
    """The compiled core in float64 on the CPU.

    Parameters
    ----------
    core
        Another build of the compiled core, to compare builds.

    Raises
    ------
    InvalidValueError
        If the core was compiled from other sources than those beside the package, as after a `git pull`.
    """

    name = "rust"

    def __init__(self, core: ModuleType = _core) -> None:
        self._core = core
        if SOURCES.is_dir() and source_hash(SOURCES) != core.source_hash:
            raise InvalidValueError("the compiled core is not that of the sources in rust/: run `make setup`")

    def run(
        self, compiled: CompiledAssembly, settings: Settings, execution: Execution, history: History
    ) -> Outcome:
        """Simulate all members; see `molenspin.backends.protocol.Backend`."""
        if execution.device not in ("auto", "cpu") or execution.dtype != "float64":
            raise InvalidValueError(
                f"backend rust computes in float64 on the cpu, not in {execution.dtype} on "
                f"{execution.device}: use backend torch"
            )
        report = self._core.simulate(
            compiled.arrays(),
            member_count=compiled.member_count,
            dt=settings.dt,
            step_count=settings.step_count,
            save_every=settings.save_every,
            integrator=str(settings.integrator),
            tolerance=settings.tolerance,
            newton_limit=settings.newton_limit,
            runaway_limit=RUNAWAY_LIMIT,
            threads=execution.threads or 0,
            angle=history.angle,
            displacement=history.displacement,
            angular_velocity=history.angular_velocity,
            velocity=history.velocity,
            reaction=history.reaction,
        )
        return _outcome(report)


def _outcome(report: _core.RunReport) -> Outcome:
    stage_evaluation, constraint_assembly, newton, history = report.phases
    return Outcome(
        status=report.status,
        stop_step=report.stop_step,
        stop_index=report.stop_index,
        stop_residual=report.stop_residual,
        max_residual=report.max_residual,
        newton_iterations=report.newton_iterations,
        force_evaluations=report.force_evaluations,
        phases=PhaseSeconds(
            stage_evaluation=stage_evaluation,
            constraint_assembly=constraint_assembly,
            newton=newton,
            history=history,
        ),
        elapsed=report.elapsed,
        path=report.path,
    )


def source_hash(folder: Path) -> str:
    """Hash of the core's sources, as `rust/binding/build.rs` computes it."""
    digest = sha256()
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.*")}
    for name in sorted(name for name in files if name.endswith((".rs", ".toml"))):
        digest.update(name.encode() + b"\0" + files[name].read_bytes() + b"\0")
    return digest.hexdigest()
