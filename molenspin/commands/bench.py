"""`python -m molenspin.bench`: time the backends on a benchmark family, size by size.

Prints a table and writes the raw samples, the machine and the errors as JSON.
"""

import sys
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.registry import available_backends, get_backend
from molenspin.backends.settings import (
    check_count,
    check_positive,
    execution_settings,
    simulation_settings,
)
from molenspin.backends.workload import Contender, Workload
from molenspin.errors import InvalidValueError, MolenspinError
from molenspin.integrators import Integrator
from molenspin.output.terminal import visible_output
from molenspin.timing import (
    Environment,
    Schedule,
    TimingResults,
    format_table,
    time_backends,
    timing_table,
)


class _OneLineParser(ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit code, 2 for a bad value."""
    with visible_output():
        return _run(_parser(), arguments)


def _run(parser: ArgumentParser, arguments: Sequence[str] | None) -> int:
    options = parser.parse_args(arguments)
    try:
        results = run_benchmark(options)
        results.save(options.output)
    except MolenspinError as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        parser.exit(130, "interrupted\n")
    _report(results, options)
    return 0


def run_benchmark(options: Namespace) -> TimingResults:
    """Time the chosen backends on the chosen sizes, everything checked before the first run."""
    _check(options)
    workloads = [_workload(options, size) for size in options.sizes]
    contenders = [_contender(name, options.threads) for name in options.backends or available_backends()]
    schedule = Schedule(
        repeats=options.repeats,
        warm_up=options.warm_up,
        budget=options.budget,
        seed=options.seed,
        visits=options.visits,
    )
    return time_backends(
        workloads,
        contenders,
        schedule=schedule,
        threads=options.threads,
        machine=options.machine,
        progress=_print_progress,
    )


def _parser() -> ArgumentParser:
    parser = _OneLineParser(
        prog="molenspin.bench",
        description="Time the backends on a benchmark family.",
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--family", default=Family.MILL.value, help=f"benchmark family: {', '.join(Family)}")
    add("--sizes", type=_sizes, default=(4, 12, 24, 48), help="numbers of bodies, separated by commas")
    add("--duration", type=float, default=10.0, help="simulated time [s]")
    add("--dt", type=float, default=1e-3, help="step size [s]")
    add("--integrator", default=Integrator.RK4.value, help=f"one of {', '.join(Integrator)}")
    add("--save-every", type=int, default=1, help="record every so many steps")
    add(
        "--backends",
        type=_names,
        default=None,
        help="separated by commas, each NAME or NAME@DEVICE or NAME@DEVICE/DTYPE (default: those installed)",
    )
    add("--repeats", type=int, default=20, help="timed runs of each backend and size")
    add("--warm-up", type=float, default=1.0, help="seconds of untimed runs before them")
    add("--budget", type=float, default=60.0, help="seconds after which a slow backend gets fewer runs")
    add("--visits", type=int, default=4, help="parts of the session that the repeats are spread over")
    add("--threads", type=int, default=1, help="threads, and processors, to run on")
    add("--seed", type=int, default=0, help="seed of the order of the backends in each round")
    add(
        "--machine",
        default=None,
        help="name of this machine in the results (default: MOLENSPIN_MACHINE, or host name and processor)",
    )
    add("--output", type=Path, default=Path("bench_results.json"), help="file to write")
    return parser


def _sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a list of whole numbers like 4,12,24") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",")))


def _check(options: Namespace) -> None:
    check_count("--repeats", options.repeats)
    check_count("--visits", options.visits)
    check_count("--threads", options.threads)
    check_positive("--warm-up", options.warm_up)
    check_positive("--budget", options.budget)
    if not options.output.absolute().parent.is_dir() or options.output.is_dir():
        raise InvalidValueError(f"--output {options.output}: not a file in an existing folder")


def _workload(options: Namespace, size: int) -> Workload:
    return Workload(
        assembly=options.family,
        compiled=benchmark_assembly(options.family, size).compile(),
        settings=simulation_settings(
            duration=options.duration,
            dt=options.dt,
            integrator=options.integrator,
            save_every=options.save_every,
        ),
    )


def _contender(label: str, threads: int) -> Contender:
    """Read ``NAME``, ``NAME@DEVICE`` or ``NAME@DEVICE/DTYPE``, for example ``torch@cuda/float32``."""
    name, _, place = label.partition("@")
    device, _, dtype = place.partition("/")
    execution = execution_settings(threads=threads, device=device or "auto", dtype=dtype or "float64")
    return Contender(label=label, backend=get_backend(name), execution=execution)


def _print_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _report(results: TimingResults, options: Namespace) -> None:
    environment = results.environments[0]
    print(
        f"{options.family}, {options.integrator}, dt = {options.dt:g} s, {options.duration:g} s simulated, "
        f"a state recorded every {options.save_every} step(s)"
    )
    print(_machine(environment))
    if environment.is_busy:
        print("The machine was busy when this began: believe the ratios, not the milliseconds.")
    print(format_table(timing_table(results)))
    print(f"raw samples: {options.output}")


def _machine(environment: Environment) -> str:
    load = f", load {environment.load[0]:.2f}" if environment.load else ""
    return (
        f"{environment.machine}: {environment.cpu_count} processors, {environment.threads.threads} used{load}"
    )
