"""Every key of a configuration, with its default, its range and its meaning.

`molenspin.config.generate` makes `config/config.yaml`, `config/schema.json` and the table of keys in
`config/README.md` from these models, so the descriptions below are what users read.
"""

import math
from collections import Counter
from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from molenspin.integrators import Integrator
from molenspin.user_paths import check_configured_path

LARGEST_FAMILY_SIZE = 100_000
"""As in `molenspin.assembly.families`, which comes after this module."""

LONGEST_LIST = 10_000
"""Most entries of a list, the values of an axis aside: more take minutes to plan, or to refuse."""


def _refuse_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"a number is needed, not {str(value).lower()}")
    return value


def _refuse_repeats(values: list[Any]) -> list[Any]:
    repeated = sorted(str(value) for value, count in Counter(values).items() if count > 1)
    if repeated:
        raise ValueError(f"{', '.join(repeated[:3])} stands here more than once")
    return values


Number: TypeAlias = Annotated[float, BeforeValidator(_refuse_boolean), Field(allow_inf_nan=False)]
PositiveNumber: TypeAlias = Annotated[Number, Field(gt=0, le=1e12)]
Count: TypeAlias = Annotated[int, BeforeValidator(_refuse_boolean), Field(ge=1, le=2**31 - 1)]
Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
AxisName: TypeAlias = Annotated[
    str, Field(pattern=r"^(dt|integrator|backend|\w[\w \-()+,']*\.[A-Za-z_]\w*)$", max_length=200)
]
PathText: TypeAlias = Annotated[str, Field(min_length=1), AfterValidator(check_configured_path)]
Family: TypeAlias = Literal["mill", "train", "shafting", "rig"]
Variable: TypeAlias = Literal["angle", "displacement", "angular_velocity", "velocity", "reaction"]


Item = TypeVar("Item")
Entries: TypeAlias = Annotated[list[Item], Field(max_length=LONGEST_LIST, fail_fast=True)]
Choices: TypeAlias = Annotated[Entries[Item], Field(min_length=1), AfterValidator(_refuse_repeats)]
"""A list of at least one entry, none of them twice."""
Axes: TypeAlias = Annotated[dict[AxisName, Item], Field(min_length=1, max_length=100)]


class Section(BaseModel):
    """A mapping of the configuration: unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Assemblies(Section):
    """Which assemblies: either a benchmark family with sizes, or assembly files."""

    family: Family | None = Field(None, description="Benchmark family: mill, train, shafting or rig.")
    sizes: Annotated[
        Entries[Annotated[Count, Field(le=LARGEST_FAMILY_SIZE)]], AfterValidator(_refuse_repeats)
    ] = Field([], description="Numbers of bodies of the family.")
    files: Annotated[Entries[PathText], AfterValidator(_refuse_repeats)] = Field(
        [], description="Assembly files (YAML), relative to the working directory."
    )

    @model_validator(mode="after")
    def _family_or_files(self) -> Self:
        if (self.family is None) == (not self.files):
            raise ValueError("give either 'family' with 'sizes', or 'files'")
        if (self.family is None) != (not self.sizes):
            raise ValueError("'family' and 'sizes' belong together")
        return self


class Range(Section):
    """Bounds of a sampled axis."""

    low: Number = Field(description="Lower bound.")
    high: Number = Field(description="Upper bound, above the lower one.")
    scale: Literal["linear", "log"] = Field("linear", description="Sample the value or its logarithm.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.high <= self.low:
            raise ValueError(f"high ({self.high:g}) must be above low ({self.low:g})")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("a log scale needs low above 0")
        return self


class Sampling(Section):
    """Seeded samples in a box of parameter ranges."""

    count: Annotated[Count, Field(le=100_000_000)] = Field(description="Number of samples.")
    seed: Annotated[int, BeforeValidator(_refuse_boolean), Field(ge=0)] = Field(
        0, description="Seed: the same seed gives the same samples."
    )
    axes: Axes[Range] = Field(description="Range of each component.field.")

    @model_validator(mode="after")
    def _parameters_only(self) -> Self:
        fixed = sorted(set(self.axes) & {"dt", "integrator", "backend"})
        if fixed:
            raise ValueError(f"{', '.join(fixed)} cannot be sampled: list its values in a grid or zip")
        return self


def _axis_value(value: object) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a number (or the name of an integrator or a backend) is needed")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return str(value)
    if not math.isfinite(number):
        raise ValueError("a finite number is needed")
    return number


AxisValue: TypeAlias = Annotated[float | str, BeforeValidator(_axis_value)]
AxisValues: TypeAlias = Annotated[list[AxisValue], Field(min_length=1, fail_fast=True)]


class Space(Section):
    """Points over axes named component.field (or dt, integrator, backend): exactly one of these keys."""

    grid: Axes[AxisValues] | None = Field(None, description="Every combination of the values.")
    zip: Axes[AxisValues] | None = Field(
        None, description="First values together, second values together, and so on: lists of one length."
    )
    random: Sampling | None = Field(None, description="Independent uniform samples.")
    latin_hypercube: Sampling | None = Field(None, description="Latin hypercube samples.")
    sobol: Sampling | None = Field(None, description="Scrambled Sobol samples.")
    product: list["Space"] | None = Field(
        None, min_length=1, max_length=LONGEST_LIST, description="Every combination of spaces."
    )
    concat: list["Space"] | None = Field(
        None, min_length=1, max_length=LONGEST_LIST, description="One space after the other."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        given = [key for key in type(self).model_fields if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}, not {len(given)}")
        if self.zip and len({len(values) for values in self.zip.values()}) > 1:
            raise ValueError("the lists under 'zip' must have one length")
        return self


class Block(Section):
    """Assemblies x dt x integrators x backends x space, less what `where` excludes."""

    assemblies: list[Assemblies] = Field(
        [Assemblies(family="mill", sizes=[4, 12, 24, 48])],
        min_length=1,
        max_length=LONGEST_LIST,
        description="Assemblies: {family: mill, sizes: [4, 12]} or {files: [config/assemblies/a.yaml]}.",
    )
    dt: Choices[PositiveNumber] = Field(
        [0.01, 0.004, 0.001, 0.0005], description="Step sizes [s]; each must divide the save interval."
    )
    integrators: Choices[Integrator] = Field(
        [Integrator.RK4, Integrator.VERLET, Integrator.EULER],
        description="Time integration: rk4, verlet, euler.",
    )
    backends: Choices[Name] = Field(
        ["numpy", "rust"], description="Backends, by the names that `molenspin backends` lists."
    )
    space: Space | None = Field(None, description="Varied parameters; null: each assembly as it is.")
    where: str | None = Field(
        None,
        min_length=1,
        max_length=2000,
        description="Keep only cases for which this holds, e.g. \"dt <= 0.002 or integrator == 'rk4'\".",
    )


class Simulation(Section):
    """What is simulated and on which output grid."""

    duration: PositiveNumber = Field(1.0, description="Simulated time [s], a multiple of the save interval.")
    save_interval: PositiveNumber = Field(0.02, description="A state is recorded every so many seconds.")
    tolerance: Annotated[PositiveNumber, Field(le=1)] = Field(
        1e-10, description="Newton stops at this constraint residual."
    )
    newton_limit: Annotated[Count, Field(le=1000)] = Field(
        20, description="Newton iterations allowed in one projection."
    )


class Timing(Section):
    """Timed runs: alone on the machine, after all simulations."""

    repeats: Annotated[int, BeforeValidator(_refuse_boolean), Field(ge=0, le=100_000)] = Field(
        7, description="Timed runs of each case; 0 skips the timing; an interval needs at least 6."
    )
    warm_up: Annotated[Number, Field(ge=0, le=3600)] = Field(
        0.2, description="Seconds of warm-up before the first timed run of a case."
    )
    budget: PositiveNumber = Field(
        30, description="Seconds after which a slow backend gets fewer runs of a case (never under 6)."
    )
    visits: Annotated[Count, Field(le=100)] = Field(
        2,
        description="Times that all cases are gone through, the repeats divided among them: how much they "
        "differ is what `molenspin compare` can tell.",
    )
    where: str | None = Field(
        None, min_length=1, max_length=2000, description="Time only cases for which this holds."
    )
    threads: Count = Field(1, description="Threads that a backend may use in timed runs.")


class Storage(Section):
    """Where and how trajectories are kept."""

    url: PathText | None = Field(
        None, description="Zarr store, a path or an s3:// URL; null: trajectories.zarr beside the results."
    )
    variables: Choices[Variable] = Field(
        ["angle", "displacement", "angular_velocity", "velocity"],
        description="What is recorded; reaction adds the constraint forces.",
    )
    batch_mebibytes: Annotated[PositiveNumber, Field(ge=0.01, le=4096)] = Field(
        16, description="Memory budget of one batch, uncompressed: sets how many cases share a chunk."
    )
    batch_members: Annotated[Count, Field(le=4096)] = Field(64, description="Most cases in one batch.")
    codec: Literal["lz4", "zstd", "none"] = Field("lz4", description="Compression: lz4, zstd or none.")
    relative_error: Annotated[Number, Field(ge=0, lt=0.1)] = Field(
        0.0, description="0 stores every bit; 1e-9 rounds values to that relative error before compression."
    )


class JobExecution(Section):
    """How the simulations are spread over jobs and threads."""

    threads: Annotated[Count, Field(le=4096)] = Field(
        2, description="Dask worker threads of a job whose backend releases the interpreter lock."
    )
    backend_threads: Annotated[Count, Field(le=4096)] = Field(
        1, description="Threads that one run of a backend may use."
    )
    device: Annotated[str, Field(pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")] = Field(
        "auto", description="auto, cpu, cuda, cuda:1 or mps, for backends that know devices."
    )
    jobs: Annotated[Count, Field(le=100_000)] = Field(
        100, description="Most simulation jobs that one planning adds, however many cases there are."
    )
    job_seconds: PositiveNumber = Field(
        60, description="Core time that a job is meant to take [s]; starting it costs one or two."
    )


class Outputs(Section):
    """What the final rules write."""

    directory: PathText = Field("results", description="Results go to DIRECTORY/NAME.")
    accuracy: bool = Field(
        True,
        description="Compare every case with a reference solution, some 14 runs of the finest case; "
        "false: no timing, tables, figures and report either, which rest on it.",
    )
    profile_backend: Name = Field(
        "rust", description="Backend that is profiled, if it is one of the sweep's."
    )
    profile_family: Family = Field("mill", description="Family of the profiled assembly.")
    profile_size: Annotated[Count, Field(le=LARGEST_FAMILY_SIZE)] = Field(
        24, description="Bodies of the profiled assembly."
    )
    profile_seconds: Annotated[Number, Field(ge=0, le=3600)] = Field(
        3, description="Seconds of profiling; 0 skips the flamegraph."
    )
    mill_table: PathText | None = Field(
        None,
        description="Table of tooth counts: adds the speed ratios of its mills; null: none.",
    )


class Config(Section):
    """A whole configuration."""

    name: Name = Field("default", description="Name of the sweep: its results go to a folder of that name.")
    sweep: list[Block] = Field(
        [Block()],
        min_length=1,
        max_length=LONGEST_LIST,
        description="Blocks of cases; a case that two blocks name runs once.",
    )
    simulation: Simulation = Field(Simulation(), description="What is simulated and on which output grid.")
    timing: Timing = Field(Timing(), description="Timed runs, alone on the machine.")
    storage: Storage = Field(Storage(), description="Where and how trajectories are kept.")
    execution: JobExecution = Field(
        JobExecution(), description="How simulations are spread over jobs and threads."
    )
    outputs: Outputs = Field(Outputs(), description="What the final rules write.")
