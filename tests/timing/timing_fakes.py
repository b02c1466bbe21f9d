"""A clock that is told what to say, and backends whose trajectories and durations are known."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from molenspin import benchmark_assembly
from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Execution, History, Outcome, PhaseSeconds, Settings
from molenspin.backends.workload import Contender, Workload
from molenspin.errors import MolenspinError
from molenspin.integrators import Integrator
from molenspin.status import CaseStatus
from molenspin.timing import Environment
from molenspin.timing.threads import ThreadPinning


@dataclass
class FakeClock:
    """Time passes only when somebody lets it pass, slower or faster by drift [1/s] and a factor of time."""

    now: float = 0.0
    drift: float = 0.0
    factor: Callable[[float], float] = lambda _: 1.0

    def __call__(self) -> float:
        return self.now

    def let_pass(self, seconds: float) -> None:
        self.now += seconds * (1 + self.drift * self.now) * self.factor(self.now)


@dataclass
class FakeBackend:
    """Spins every body at 1 rad/s (off by the skew), taking the given seconds per run."""

    name: str
    clock: FakeClock
    seconds: Callable[[int], float]
    skew: float = 0.0
    status: CaseStatus = CaseStatus.OK
    refusal: str = ""
    calls: list[int] = field(default_factory=list)

    def run(self, compiled: CompiledAssembly, settings: Settings, _: Execution, history: History) -> Outcome:
        if self.refusal:
            raise MolenspinError(self.refusal)
        took = self.seconds(len(self.calls))
        self.calls.append(len(self.calls))
        self.clock.let_pass(took)
        times = np.arange(settings.sample_count) * settings.dt * settings.save_every
        history.angle[:] = times * (1 + self.skew)
        history.displacement[:] = 0.0
        history.angular_velocity[:] = 1 + self.skew
        history.velocity[:] = 0.0
        return outcome(compiled.member_count, self.status, took)


def outcome(member_count: int, status: CaseStatus, elapsed: float) -> Outcome:
    zeros = np.zeros(member_count, dtype=np.int64)
    return Outcome(
        status=np.full(member_count, status, dtype=np.int8),
        stop_step=zeros,
        stop_index=zeros - 1,
        stop_residual=zeros * 0.0,
        max_residual=zeros * 0.0,
        newton_iterations=zeros,
        force_evaluations=zeros,
        phases=PhaseSeconds(),
        elapsed=elapsed,
        path="fake",
    )


def workload() -> Workload:
    """Two discs on a shaft, which the fake backends do not look at."""
    settings = Settings(dt=0.1, step_count=10, integrator=Integrator.RK4)
    return Workload(
        assembly="shafting", compiled=benchmark_assembly("shafting", 2).compile(), settings=settings
    )


def contender(backend: FakeBackend, *, dtype: str = "float64") -> Contender:
    return Contender(label=backend.name, backend=backend, execution=Execution(threads=1, dtype=dtype))


def environment(machine: str = "mill", started: str = "2026-01-01T00:00:00.000+00:00") -> Environment:
    return Environment(
        machine=machine,
        started=started,
        cpu_model="a processor",
        cpu_count=2,
        governor=None,
        load=(0.1, 0.2, 0.3),
        devices=(),
        threads=ThreadPinning(threads=1, processors=(0,), pools=(), variables={}),
        versions={"python": "3.11"},
        build_profile="release",
    )
