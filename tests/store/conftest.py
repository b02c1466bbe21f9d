"""A real S3 server."""

import re
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
    environment = {
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }
    serve = [RCLONE, "serve", "s3", "--addr", "127.0.0.1:0", "--auth-key", "key,secret", folder]
    log = tmp_path_factory.mktemp("rclone") / "log"
    log.touch()
    with pytest.MonkeyPatch.context() as patch, subprocess.Popen([*serve, "--log-file", log]) as server:
        try:
            environment["AWS_ENDPOINT_URL"] = _address_of(server, log)
            for name, value in environment.items():
                patch.setenv(name, value)
            yield folder / "bucket"
        finally:
            server.kill()


def _address_of(server, log):
    """Where the server listens: on a port that it took itself, so that no other process can have it."""
    while server.poll() is None:
        if found := re.search(r"Starting s3 server on \[(http://.*)/\]", log.read_text()):
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(log.read_text())
