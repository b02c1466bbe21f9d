"""The store on a real S3 server: the same plan, run, resume, verify and read as on a disk."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from molenspin.cli import main
from molenspin.errors import MolenspinError
from molenspin.executor import run_group
from molenspin.project import open_project, planned_job
from molenspin.store.location import open_root
from molenspin.store.preparation import prepare_store
from molenspin.store.reading import open_results
from molenspin.strict_yaml import dump_yaml

pytest.importorskip("obstore", reason="needs the extra 's3'")
RCLONE = Path(sys.executable).with_name("rclone")


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """A folder that rclone serves as the S3 bucket `bucket`; the environment says where."""
    if not RCLONE.exists():
        pytest.skip("needs rclone, from the extra 'dev'")
    folder = tmp_path_factory.mktemp("s3")
    (folder / "bucket").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = "{}:{}".format(*probe.getsockname())
    environment = {
        "AWS_ENDPOINT_URL": f"http://{address}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    serve = [RCLONE, "serve", "s3", "--addr", address, "--auth-key", "key,secret", folder]
    with pytest.MonkeyPatch.context() as patch, subprocess.Popen(serve, stderr=subprocess.DEVNULL) as server:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            _wait_for(address)
            yield folder / "bucket"
        finally:
            server.terminate()


def _wait_for(address):
    host, port = address.split(":")
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(address)


def sweep(folder, url):
    block = {
        "assemblies": [{"family": "mill", "sizes": [4]}],
        "dt": [0.002],
        "integrators": ["euler"],
        "backends": ["numpy"],
        "space": {"grid": {"sail_spur0.wind_speed": [6.0, 7.0, 8.0, 9.0, 10.0]}},
    }
    return {
        "sweep": [block],
        "simulation": {"duration": 0.1, "save_interval": 0.02},
        "storage": {"batch_members": 3, "url": url},
        "execution": {"threads": 1},
        "outputs": {"directory": str(folder)},
    }


def run(content):
    project = open_project(content)
    project.drop_false_records()
    prepare_store(project.plan, project.places.store)
    groups = [group for group in project.plan.groups if not group.done]
    records = [run_group(planned_job(project.config, group.as_parameters())) for group in groups]
    node = open_results(project.places.store)["mill-4"].to_dataset().load()
    return sum(record.computed_count for record in records), node


def test_results_on_s3_are_those_on_disk(bucket, tmp_path):
    _, local = run(sweep(tmp_path / "local", str(tmp_path / "store.zarr")))
    computed, remote = run(sweep(tmp_path / "remote", "s3://bucket/sweeps/one.zarr"))
    assert computed == 5
    assert (bucket / "sweeps/one.zarr/zarr.json").is_file()
    np.testing.assert_array_equal(remote["angle"].values, local["angle"].values)
    computed, _ = run(sweep(tmp_path / "remote", "s3://bucket/sweeps/one.zarr"))
    assert computed == 0


def test_damage_on_s3_is_found_and_computed_again(bucket, tmp_path, capsys):
    content = sweep(tmp_path, "s3://bucket/damaged.zarr")
    _, before = run(content)
    chunk = bucket / "damaged.zarr/mill-4/velocity/c/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"\0")
    config = tmp_path / "config.yaml"
    config.write_text(dump_yaml(content))
    assert main(["verify", str(config), "--repair"]) == 0
    assert capsys.readouterr().out.startswith("mill-4/velocity/c/0/0/0: ")
    computed, after = run(content)
    assert computed == 3
    np.testing.assert_array_equal(after["velocity"].values, before["velocity"].values)


@pytest.mark.usefixtures("bucket")
def test_a_store_that_cannot_be_reached_is_one_message(monkeypatch):
    with pytest.raises(MolenspinError, match="no store of results"):
        open_root("s3://bucket/none.zarr")
    with pytest.raises(MolenspinError, match="s4"):
        open_root("s4://bucket/none.zarr")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(MolenspinError, match=r"s3://bucket/none\.zarr cannot be reached"):
        open_root("s3://bucket/none.zarr")
