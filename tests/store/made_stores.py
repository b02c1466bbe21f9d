"""Small stores made by hand: mills in different winds, whose bodies stand at the wind speed."""

import numpy as np

from molenspin.config import config_from_mapping
from molenspin.status import CaseStatus
from molenspin.store.location import open_root
from molenspin.store.nodes import arrays_of
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import case_rows, read_ledger
from molenspin.store.writing import BatchRegion, BatchResult
from molenspin.sweep.cases import expand
from molenspin.sweep.plan import make_plan

SAMPLES = 3
OK = CaseStatus.OK


def make_store(url, *, speeds=(4.0, 8.0, 12.0), offset=0.0, status=OK, machine="here", elapsed=0.5):
    """A store of mills in different winds, two cases to a batch, whose bodies stand at the wind speed."""
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.01],
        "integrators": ["rk4"],
        "backends": ["numpy"],
        "space": {"grid": {"sail_spur0.wind_speed": list(speeds)}},
    }
    config = config_from_mapping(
        {
            "sweep": [block],
            "simulation": {"duration": 0.2, "save_interval": 0.1},
            "storage": {"batch_members": 2},
        }
    )
    prepare_store(make_plan(config, expand(config), read_ledger(url), {"numpy": "a" * 16}), url)
    node = open_root(url)["mill-4"]
    for first_slot, columns in case_rows(node, range(-(-len(speeds) // 2))):
        speed = columns["sail_spur0.wind_speed"]
        region = BatchRegion(arrays_of(node), first_slot, len(speed))
        region.commit(result(speed + offset, status, elapsed), fingerprint=7, machine=machine)
    return url


def result(values, status, elapsed):
    names = ("angle", "displacement", "angular_velocity", "velocity")
    states = np.broadcast_to(values[:, None, None], (len(values), 4, SAMPLES))
    return BatchResult(
        variables=dict.fromkeys(names, states),
        status=np.full(len(values), status, dtype=np.int8),
        messages=["" if status == OK else "stopped"] * len(values),
        max_residual=np.full(len(values), 1e-12),
        newton_iterations=np.full(len(values), 7),
        force_evaluations=np.full(len(values), 400),
        elapsed=elapsed,
    )
