"""The kernels of the compiled core are compiled for their instruction set from end to end.

A function that is not inlined into a kernel is compiled for the oldest processor; its vector instructions
then are calls, one for each, and the kernel takes twice as long. Nothing but the machine code shows it.
"""

import platform
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from molenspin import _core

KERNEL = "Instructions>::vectorize::compiled"
INTRINSIC = "core::core_arch::x86"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instruction sets are those of x86-64")
@pytest.mark.skipif(shutil.which("objdump") is None, reason="objdump is not installed")
@pytest.mark.skipif(_core.build_profile != "release", reason="debug builds inline nothing")
def test_kernels_call_no_intrinsic():
    kernels = [line for line in disassembly() if line.endswith(">:") and KERNEL in line]
    assert len(kernels) > 10
    assert set(calls_in_kernels()) == set()


def disassembly() -> Iterator[str]:
    command = ["objdump", "--disassemble", "--demangle", "--no-show-raw-insn", str(Path(_core.__file__))]
    return iter(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines())


def calls_in_kernels() -> Iterator[str]:
    """Intrinsics that a kernel calls instead of containing them."""
    inside = False
    for line in disassembly():
        if line.endswith(">:"):
            inside = KERNEL in line
        elif inside and "call" in line and INTRINSIC in line:
            yield line.split("<", 1)[1]
