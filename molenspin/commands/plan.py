"""`molenspin plan`: what a sweep would run, what is done, what it costs in bytes and core-hours."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from molenspin.pipeline.project import Project, open_project
from molenspin.pipeline.rates import calibrated_rates, core_seconds, measured_rates
from molenspin.store.records import GroupRecord, load_records
from molenspin.sweep.batches import BatchState

HELP = "show the groups, batches and cases of a sweep, what is done, and what the rest costs"

REASONS = {
    BatchState.DONE: "results of this code are in the store",
    BatchState.NEW: "not in the store",
    BatchState.UNFINISHED: "in the store without results",
    BatchState.STALE: "computed by other code",
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare the arguments of the subcommand."""
    parser.add_argument(
        "config", type=Path, nargs="?", default=Path("config/config.yaml"), help="configuration"
    )
    parser.add_argument("--groups", action="store_true", help="list every group")
    parser.add_argument("--calibrate", action="store_true", help="measure step rates that are not known yet")


def run(arguments: Namespace) -> int:
    """Print the plan."""
    project = open_project(arguments.config)
    lines = [*_overview(project), *_cost(project, calibrate=arguments.calibrate)]
    if arguments.groups:
        lines += _group_lines(project)
    print("\n".join(lines))
    return 0


def _overview(project: Project) -> Iterator[str]:
    plan = project.plan
    yield f"{project.config.name}: {project.places.store}"
    yield (
        f"{plan.case_count} cases in {len(plan.batches)} batches in {len(plan.groups)} groups "
        f"(one job each), {len(plan.nodes)} nodes"
    )
    for state in BatchState:
        batches = plan.batches_in(state)
        if batches:
            cases = sum(batch.case_count for batch in batches)
            yield f"  {state:<10} {cases:>9} cases in {len(batches):>6} batches: {REASONS[state]}"
    failed = sum(record.failed_count for record in _current_records(project))
    if failed:
        yield f"  of the done cases, {failed} failed: `molenspin status` says why"


def _current_records(project: Project) -> Iterator[GroupRecord]:
    done = {group.digest for group in project.plan.groups if group.done}
    yield from (record for record in load_records(project.places.records) if record.digest in done)


def _cost(project: Project, *, calibrate: bool) -> Iterator[str]:
    plan = project.plan
    case_bytes = {node.name: node.layout.case_bytes for node in plan.nodes}
    pending = [batch for batch in plan.batches if batch.state is not BatchState.DONE]
    size = sum(case_bytes[batch.node] * batch.case_count for batch in pending)
    yield f"to be written: {_bytes(size)} before compression"
    rates = measured_rates(project)
    if calibrate:
        rates = calibrated_rates(project, pending, rates)
    seconds, unknown = core_seconds(project, pending, rates)
    if unknown:
        yield f"core-hours: unknown for {', '.join(unknown)} (no earlier run here; --calibrate measures them)"
    if seconds or not unknown:
        others = " for the others" if unknown else ""
        yield f"core-hours: {seconds / 3600:.3g} ({seconds:.3g} core-seconds){others}"


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} TiB"


def _group_lines(project: Project) -> Iterator[str]:
    for group in project.plan.groups:
        states = {state: sum(batch.state is state for batch in group.batches) for state in BatchState}
        shown = ", ".join(f"{count} {state}" for state, count in states.items() if count)
        cases = sum(batch.case_count for batch in group.batches)
        yield f"  {group.name}: {len(group.batches)} batches ({shown}), {cases} cases"
