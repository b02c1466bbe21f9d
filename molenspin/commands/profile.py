"""`molenspin profile`: flamegraph, folded stacks and phase shares of a backend on an assembly."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.assembly.assembly import Assembly
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.assembly.yaml_format import load_assembly
from molenspin.backends.registry import get_backend
from molenspin.backends.settings import check_positive, execution_settings, simulation_settings
from molenspin.backends.workload import Contender, Workload
from molenspin.output.spreadsheets import write_csv
from molenspin.profiling import draw_difference, draw_flamegraph, load_stacks, phase_shares, profile

HELP = "sample where a backend spends its time"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    add = parser.add_argument
    add("--assembly", type=Path, metavar="FILE", help="assembly to simulate, instead of a benchmark family")
    add("--family", default=Family.MILL.value, help="benchmark family (default: %(default)s)")
    add("--size", type=int, default=24, help="bodies of the family (default: %(default)s)")
    add("--backend", default="rust", help="backend to profile (default: %(default)s)")
    add("--duration", type=float, default=10.0, help="simulated time [s] (default: %(default)s)")
    add("--dt", type=float, default=1e-3, help="step size [s] (default: %(default)s)")
    add("--integrator", default="rk4", help="integrator (default: %(default)s)")
    add("--save-every", type=int, default=1, help="record every so many steps (default: %(default)s)")
    add("--seconds", type=float, default=5.0, help="time to sample (default: %(default)s)")
    add("--against", type=Path, metavar="STACKS", help="folded stacks of before, for a difference flamegraph")
    add("-o", "--output", type=Path, default=Path("profile"), help="folder to write (default: %(default)s)")


def run(arguments: Namespace) -> int:
    """Profile, write the files and print the shares of the phases."""
    check_positive("--seconds", arguments.seconds)
    before = load_stacks(arguments.against) if arguments.against else None
    found = profile(_workload(arguments), _contender(arguments), seconds=arguments.seconds)
    folder: Path = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stacks.folded").write_text(found.stacks.to_text())
    (folder / "flamegraph.svg").write_text(draw_flamegraph(found.stacks, title=found.title, unit=found.unit))
    if before:
        (folder / "difference.svg").write_text(
            draw_difference(
                before, found.stacks, title=f"{found.title}, since {arguments.against.name}", unit=found.unit
            )
        )
    shares = phase_shares([found])
    write_csv(shares, folder / "phases.csv")
    print(shares.to_string(index=False))
    print(f"{found.title} ({found.path}): {found.stacks.sample_count} {found.unit} in {folder}")
    return 0


def _workload(arguments: Namespace) -> Workload:
    assembly = _assembly(arguments)
    settings = simulation_settings(
        duration=arguments.duration,
        dt=arguments.dt,
        integrator=arguments.integrator,
        save_every=arguments.save_every,
    )
    return Workload(assembly=assembly.name, compiled=assembly.compile(), settings=settings)


def _assembly(arguments: Namespace) -> Assembly:
    if arguments.assembly:
        return load_assembly(arguments.assembly)
    return benchmark_assembly(arguments.family, arguments.size)


def _contender(arguments: Namespace) -> Contender:
    return Contender(
        label=arguments.backend,
        backend=get_backend(arguments.backend),
        execution=execution_settings(threads=1),
    )
