"""`molenspin steps`: does verlet allow about twice the step of rk4? Largest steps on the four families."""

from argparse import ArgumentParser, Namespace

from molenspin.analysis.step_advice import Criterion, compare_steps, steps_table, steps_verdict
from molenspin.assembly.families import Family, benchmark_assembly
from molenspin.backends.registry import available_backends
from molenspin.backends.settings import check_positive

HELP = "compare the largest usable steps of rk4 and verlet on the benchmark families"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    add = parser.add_argument
    add("--size", type=int, default=8, help="bodies of each family (default: %(default)s)")
    add("--duration", type=float, default=5.0, metavar="S", help="time to simulate (default: %(default)s)")
    add("--long", type=float, default=500.0, metavar="S", help="time over which conserved energy must hold")


def run(arguments: Namespace) -> int:
    """Print the table."""
    check_positive("--duration", arguments.duration)
    backend = "rust" if "rust" in available_backends() else "numpy"
    assemblies = [benchmark_assembly(family, arguments.size) for family in Family]
    found = [
        comparison
        for assembly in assemblies
        for comparison in compare_steps(assembly, duration=arguments.duration, backend=backend)
    ]
    for assembly in dict.fromkeys(item.assembly for item in found if item.is_conserved):
        conserved = next(each for each in assemblies if each.name == assembly)
        found += compare_steps(
            conserved, duration=arguments.long, backend=backend, criteria=[Criterion.ENERGY]
        )
    print(steps_table(found).to_string(index=False))
    print(steps_verdict(found))
    return 0
