"""Where a timing was taken: machine, load, threads, devices, versions."""

import os
import platform
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from molenspin.errors import MolenspinError
from molenspin.output.publication import MACHINE_VARIABLE, machine_name, without_folders
from molenspin.provenance import version_of, versions
from molenspin.timing.threads import ThreadPinning

_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """The circumstances of one timing session.

    Parameters
    ----------
    machine
        Name of the machine, by which results are merged and compared: the one that was given, or
        ``MOLENSPIN_MACHINE``, else host name and processor, for many virtual machines have one host name.
    started
        Start of the session, ISO 8601 in UTC.
    cpu_model, cpu_count
        Processor, and the number of logical ones.
    governor
        Frequency governor, or None where it cannot be read.
    load
        Load averages over 1, 5 and 15 minutes at the start.
    devices
        Accelerators with their drivers.
    threads
        How threads were pinned.
    versions
        Versions of Python and the packages, and the fingerprint of the code.
    build_profile
        Build profile of the compiled core, or None where it is not installed.
    command
        The command that the session was started by, without the folders of its paths.
    resumed
        When it went on after an interruption, ISO 8601 in UTC.
    """

    machine: str
    started: str
    cpu_model: str
    cpu_count: int
    governor: str | None
    load: tuple[float, float, float] | None
    devices: tuple[str, ...]
    threads: ThreadPinning
    versions: dict[str, str]
    build_profile: str | None
    command: str = ""
    resumed: tuple[str, ...] = ()

    @property
    def session(self) -> str:
        """Machine and start: names this session in a file that holds several."""
        return f"{self.machine} {self.started}"

    @property
    def is_busy(self) -> bool:
        """Others left fewer processors free than were asked for."""
        return self.load is not None and self.load[0] > max(self.cpu_count - self.threads.threads, 0.5)


def read_environment(threads: ThreadPinning, *, machine: str | None = None) -> Environment:
    """Record the machine as it is now, under ``machine`` or a name of its own."""
    cpu_model = _cpu_model()
    return Environment(
        machine=machine or os.environ.get(MACHINE_VARIABLE) or f"{machine_name()} ({cpu_model})",
        started=datetime.now(UTC).isoformat(timespec="milliseconds"),
        cpu_model=cpu_model,
        cpu_count=os.cpu_count() or 1,
        governor=_GOVERNOR.read_text().strip() if _GOVERNOR.is_file() else None,
        load=os.getloadavg() if hasattr(os, "getloadavg") else None,
        devices=_accelerators(),
        threads=threads,
        versions=versions() | {name: version_of(name) for name in ("xarray", "torch")},
        build_profile=read_build_profile(),
        command=shlex.join(["python", *(without_folders(argument) for argument in sys.orig_argv[1:])]),
    )


def read_build_profile() -> str | None:
    """Return the build profile of the compiled core, None where it is not installed."""
    try:
        return str(import_module("molenspin._core").build_profile)
    except ImportError:
        return None


def refuse_debug_build(profile: str | None) -> None:
    """Raise if the compiled core was built without optimisation: its timings mean nothing.

    Raises
    ------
    MolenspinError
        If ``profile`` is ``debug``.
    """
    if profile == "debug":
        raise MolenspinError(
            "the compiled core is a debug build, whose timings mean nothing: "
            "build it with `maturin develop --release`"
        )


def _cpu_model() -> str:
    table = Path("/proc/cpuinfo")
    lines = table.read_text().splitlines() if table.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _accelerators() -> tuple[str, ...]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    query = [tool, "--query-gpu=name,driver_version", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    return tuple(
        line.strip().replace(", ", ", driver ") for line in answer.stdout.splitlines() if line.strip()
    )
