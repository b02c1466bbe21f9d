"""`molenspin status`: how the cases of a sweep ended, and why those that failed did."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from molenspin.config import load_config
from molenspin.output.terminal import one_line
from molenspin.pipeline.project import places_of
from molenspin.store.case_statuses import NodeStatus, status_of
from molenspin.store.selection import select
from molenspin.sweep.cases import expand

HELP = "show how the cases of a sweep ended"


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "config", type=Path, nargs="?", default=Path("config/config.yaml"), help="configuration"
    )
    parser.add_argument(
        "--store", help="path or URL of a store, instead of the configuration's: shows it whole"
    )
    parser.add_argument(
        "--all",
        action="store_true",
        help="show also cases that the configuration does not ask for",
    )
    parser.add_argument(
        "--failed", type=int, default=10, metavar="N", help="show at most N failed cases (10)"
    )


def run(arguments: Namespace) -> int:
    """Print counts by node, then the failed cases with their reasons."""
    if arguments.store:
        nodes = status_of(arguments.store)
    else:
        config = load_config(arguments.config)
        nodes = status_of(places_of(config).store, select(config, expand(config)))
    for node in nodes:
        if node.counts or node.missing_count or arguments.all:
            print(_line(node, with_surplus=arguments.all))
    failed = [case for node in nodes for case in node.failed]
    for case in failed[: arguments.failed]:
        print(f"  {one_line(case.node)}[{case.slot}] {case.status}: {one_line(case.message)}")
    if len(failed) > arguments.failed:
        print(f"  ... and {len(failed) - arguments.failed} more")
    surplus = sum(node.surplus_count for node in nodes)
    if surplus and not arguments.all:
        hint = "`--all` lists them, `molenspin prune` removes them"
        print(f"not asked for: {surplus} more cases in the store ({hint})")
    return 0


def _line(node: NodeStatus, *, with_surplus: bool) -> str:
    counts = [f"{count} {label}" for label, count in node.counts.items()]
    if node.missing_count:
        counts.append(f"{node.missing_count} not in the store")
    if with_surplus and node.surplus_count:
        counts.append(f"{node.surplus_count} not asked for")
    return f"{one_line(node.name)}: " + (", ".join(counts) or "no cases")
