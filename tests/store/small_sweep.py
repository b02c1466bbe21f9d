"""A small sweep, whose store may be anywhere: one group of five members, three to a batch."""

from molenspin.jobs.executor import run_group
from molenspin.pipeline.project import open_project, planned_job
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import open_results


def sweep(folder, url=None):
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.002],
        "integrators": ["euler"],
        "backends": ["numpy"],
        "space": {"grid": {"sail_spur0.wind_speed": [6.0, 7.0, 8.0, 9.0, 10.0]}},
    }
    return {
        "name": "small",
        "sweep": [block],
        "simulation": {"duration": 0.1, "save_interval": 0.02},
        "storage": {"batch_members": 3, "url": url},
        "execution": {"threads": 1},
        "outputs": {"directory": str(folder)},
    }


def run(content):
    """Run what a sweep lacks, as the workflow does; the number of computed cases and the results."""
    project = open_project(content)
    prepare_store(project.plan, project.places.store)
    groups = [group for group in project.plan.groups if not group.done]
    records = [run_group(planned_job(project.config, group.as_parameters())) for group in groups]
    node = open_results(project.places.store)["mill-4"].to_dataset().load()
    return sum(record.computed_count for record in records), node
