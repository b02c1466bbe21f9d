"""A real S3 server."""

import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
            server.kill()


def _wait_for(address):
    host, port = address.split(":")
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(address)
