"""Timings and accuracies made by hand: exact laws with seeded noise, for tables, figures and reports."""

import zlib
from collections.abc import Iterable

import numpy as np
import pandas as pd

from molenspin.backends.protocol import PhaseSeconds
from molenspin.integrators import Integrator
from molenspin.timing import Environment
from molenspin.timing.records import Physics, TimingCase, TimingRecord, TimingResults, Verdict
from molenspin.timing.samples import Samples
from molenspin.timing.threads import ThreadPinning

DURATION = 2.0
STEPS = (0.01, 0.004, 0.002, 0.001)
ERROR_CONSTANT = {Integrator.RK4: 50.0, Integrator.VERLET: 2.0, Integrator.EULER: 1.0}
SECONDS_PER_EVALUATION = {"numpy": 5e-5, "rust": 2e-7, "torch": 4.9e-5}
ENVIRONMENT = Environment(
    machine="windmill",
    started="2026-01-01T00:00:00.000+00:00",
    cpu_model="a processor",
    cpu_count=2,
    governor="performance",
    load=(0.1, 0.2, 0.3),
    devices=(),
    threads=ThreadPinning(threads=1, processors=(1,), pools=(), variables={}),
    versions={"python": "3.11", "molenspin": "1.0"},
    build_profile="release",
)


def made_timing(
    *,
    sizes: Iterable[int] = (4, 12),
    backends: Iterable[str] = ("numpy", "rust"),
    integrators: Iterable[Integrator] = tuple(Integrator),
    steps: Iterable[float] = STEPS,
    repeats: int = 8,
) -> TimingResults:
    """Timings of `mill`: cost per step and body, errors by the integrator's order."""
    records = [
        made_record(backend, size, integrator, dt, repeats)
        for size in sizes
        for integrator in integrators
        for dt in steps
        for backend in backends
    ]
    return TimingResults(environments=(ENVIRONMENT,), records=tuple(records))


def made_record(
    backend: str, size: int, integrator: Integrator, dt: float, repeats: int = 8, **physics: object
) -> TimingRecord:
    rng = np.random.default_rng(zlib.crc32(f"{backend} {size} {integrator} {dt}".encode()))
    evaluation = SECONDS_PER_EVALUATION[backend] * (1 + 0.02 * size)
    typical = DURATION / dt * integrator.evaluations_per_step * evaluation
    wall = tuple((typical * np.exp(0.02 * rng.normal(size=repeats))).tolist())
    judged = {"verdict": Verdict.OK, "error": made_error(integrator, dt), "tolerance": 1e-6, **physics}
    return TimingRecord(
        case=TimingCase(
            assembly="mill",
            content=f"mill of {size}",
            body_count=size,
            member_count=1,
            integrator=integrator,
            dt=dt,
            step_count=round(DURATION / dt),
            save_every=round(0.02 / dt),
        ),
        backend=backend,
        session=ENVIRONMENT.session,
        samples=Samples(first_call=2 * typical, wall=wall, inside=wall, rounds=tuple(range(repeats))),
        physics=Physics(**judged),
        phases=PhaseSeconds(stage_evaluation=0.5 * typical, newton=0.3 * typical),
        peak_memory=1_000_000,
        keys=(made_key(size, integrator, dt, backend),),
    )


def made_key(size: int, integrator: str, dt: float, backend: str) -> str:
    """Identity of a case, by which its timing finds its error."""
    return f"{zlib.crc32(f'{size} {integrator} {dt} {backend}'.encode()):016x}"


def made_error(integrator: Integrator, dt: float) -> float:
    return ERROR_CONSTANT[integrator] * dt**integrator.order


def made_accuracy(
    *, sizes: Iterable[int] = (4, 12), backends: Iterable[str] = ("numpy", "rust")
) -> pd.DataFrame:
    """The accuracy table of the same cases, and one case that diverged."""
    rows = [
        {
            "key": made_key(size, integrator, dt, backend),
            "assembly": "mill",
            "body_count": size,
            "duration": DURATION,
            "integrator": str(integrator),
            "dt": dt,
            "backend": backend,
            "status": "ok",
            "message": "",
            "angle_max": made_error(integrator, dt),
            "angle_end": 0.7 * made_error(integrator, dt),
            "angle_uncertainty": 1e-13,
            "reference": "made by hand",
            "energy_drift": np.nan,
            "energy_imbalance": 0.1 * made_error(integrator, dt),
            "quadrature_error": 1e-9,
            "max_residual": 1e-11,
            "newton_iterations": 10,
            "force_evaluations": 100,
        }
        for size in sizes
        for integrator in Integrator
        for dt in STEPS
        for backend in backends
    ]
    failed = rows[0] | {
        "dt": 0.02,
        "status": "diverged",
        "message": "body <b>spur0</b> ran away",
        "angle_max": np.nan,
    }
    return pd.DataFrame([*rows, failed])
