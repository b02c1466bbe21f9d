"""The fused kernels in Triton's interpreter, against NumPy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("triton", reason="Triton is not installed")

CASES = [
    "zoo-a:rk4:4",
    "zoo-b:rk4:4",
    "zoo-b:verlet:4",
    "mill8:euler:4",
    "rig8:rk4:2",
    "ensemble:rk4:2",
    "stiff:rk4:12",
]


@pytest.fixture(scope="module")
def checked() -> dict[str, dict[str, object]]:
    script = Path(__file__).with_name("kernel_check.py")
    done = subprocess.run([sys.executable, str(script), *CASES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES)
def test_the_interpreted_kernel_agrees_with_numpy(checked, case):
    result = checked[case]
    assert "triton" in result["path"]
    assert max(result[name] for name in ("angle", "displacement", "angular_velocity", "velocity")) < 1e-11
    assert result["reaction"] < 1e-8
    for total in ("status", "stop_step", "stop_index", "newton_iterations"):
        expected, found = result[total]
        assert found == expected, total
