"""The time loop as tensor operations, one by one or replayed as a captured CUDA graph."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import Settings
from molenspin.backends.torch.device_run import DeviceRun
from molenspin.backends.torch.progress import Progress
from molenspin.backends.torch.tensor_model import TensorModel
from molenspin.backends.torch.tensor_steps import Members, State, Stepper

GRAPH_ITERATIONS = 4
"""Newton iterations in a captured step, which cannot look at its results."""
WARM_UP_STEPS = 3


class Recorder:
    """Samples of a run on the device."""

    def __init__(self, model: TensorModel, settings: Settings, *, reaction: bool) -> None:
        shape = (settings.sample_count, model.member_count)
        blank = partial(torch.full, fill_value=torch.nan, dtype=model.dtype, device=model.device)
        self._model = model
        self._position = blank((*shape, model.coordinate_count))
        self._velocity = blank((*shape, model.coordinate_count))
        self._reaction = blank((*shape, model.row_count)) if reaction else None

    def record(self, stepper: Stepper, state: State, members: Members, sample: int, time: Tensor) -> None:
        """Keep one state; members that have stopped stay NaN."""
        alive = members.alive[:, None]
        self._position[sample] = torch.where(alive, state.position, torch.nan)
        self._velocity[sample] = torch.where(alive, state.velocity, torch.nan)
        if self._reaction is not None:
            multiplier = stepper.acceleration(state, time)[1][:, self._model.row_order]
            self._reaction[sample] = torch.where(alive, multiplier, torch.nan)

    def result(self, progress: Progress, members: Members) -> DeviceRun:
        """The run with time last."""
        return DeviceRun(
            position=self._position.permute(1, 2, 0),
            velocity=self._velocity.permute(1, 2, 0),
            reaction=None if self._reaction is None else self._reaction.permute(1, 2, 0),
            progress=progress,
            newton_iterations=members.newton_iterations,
        )


@dataclass(frozen=True)
class Start:
    """A model with its members projected onto the constraints."""

    model: TensorModel
    state: State
    members: Members
    progress: Progress


def start(compiled: CompiledAssembly, settings: Settings, device: torch.device, dtype: torch.dtype) -> Start:
    """Put an assembly on a device and project its initial state."""
    model = TensorModel(compiled, device, dtype)
    members, progress = Members.starting(model), Progress.starting(model, settings.step_count)
    position = model["initial_position"].expand(model.member_count, -1)
    velocity = model["initial_velocity"].expand(model.member_count, -1)
    state = Stepper(model, settings).project(position, velocity, model.time(0), members)
    progress.end_step(model, state, members, 0)
    return Start(model, state, members, progress)


def run_eagerly(begin: Start, settings: Settings, *, reaction: bool) -> DeviceRun:
    """Step by step, operation by operation."""
    model, state, members, progress = begin.model, begin.state, begin.members, begin.progress
    stepper, recorder = Stepper(model, settings), Recorder(model, settings, reaction=reaction)
    recorder.record(stepper, state, members, 0, model.time(0))
    for step in range(1, settings.step_count + 1):
        state = stepper.step(stepper, state, model.time((step - 1) * settings.dt), members)
        progress.end_step(model, state, members, step)
        if not bool(members.alive.any()):
            break
        if step % settings.save_every == 0:
            recorder.record(
                stepper, state, members, step // settings.save_every, model.time(step * settings.dt)
            )
    return recorder.result(progress, members)


class CapturedStep:
    """One step of all members as a CUDA graph on tensors that stay where they are."""

    def __init__(self, begin: Start, settings: Settings) -> None:
        self._model, self._settings = begin.model, settings
        self._stepper = Stepper(begin.model, settings, min(GRAPH_ITERATIONS, settings.newton_limit))
        self._step = torch.zeros((), dtype=torch.int64, device=begin.model.device)
        self.members, self.progress = begin.members, begin.progress
        self._static = self._tensors(begin.state.position, begin.state.velocity)
        self._static = {name: tensor.clone() for name, tensor in self._static.items()}
        self._graph = self._capture()

    def _tensors(self, position: Tensor, velocity: Tensor) -> dict[str, Tensor]:
        """Everything that a step changes, by name."""
        held = {"position": position, "velocity": velocity, "step": self._step}
        held |= {f"members.{name}": tensor for name, tensor in vars(self.members).items()}
        return held | {f"progress.{name}": tensor for name, tensor in vars(self.progress).items()}

    def _capture(self) -> torch.cuda.CUDAGraph:
        kept = {name: tensor.clone() for name, tensor in self._static.items()}
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP_STEPS):
                self._advance()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._advance()
        for name, tensor in self._static.items():
            tensor.copy_(kept[name])
        return graph

    def _advance(self) -> None:
        static = self._static
        self.members = Members(**_group(static, "members"))
        self.progress = Progress(**_group(static, "progress"))
        self._step = static["step"] + 1
        time = static["step"].to(self._model.dtype) * self._settings.dt
        state = self.state(static["position"], static["velocity"], time)
        state = self._stepper.step(self._stepper, state, time, self.members)
        self.progress.end_step(self._model, state, self.members, self._step)
        for name, tensor in self._tensors(state.position, state.velocity).items():
            static[name].copy_(tensor)

    def state(self, position: Tensor, velocity: Tensor, time: Tensor) -> State:
        """A consistent state, with its rows and factor."""
        rows = self._model.rows(position, time)
        return self._stepper.tangent(position, velocity, rows, position.new_zeros(len(position)))

    def replay(self) -> None:
        """Do one step."""
        self._graph.replay()

    def current(self, time: Tensor) -> State:
        """The state after the last replay."""
        return self.state(self._static["position"], self._static["velocity"], time)

    def counted(self) -> tuple[Members, Progress]:
        """Members and progress after the last replay."""
        return Members(**_group(self._static, "members")), Progress(**_group(self._static, "progress"))


def _group(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(f"{prefix}."): x for name, x in tensors.items() if name.startswith(f"{prefix}.")
    }


def run_captured(begin: Start, settings: Settings, *, reaction: bool) -> DeviceRun:
    """Replay a captured step; members left unconverged by its few Newton iterations keep that status."""
    model = begin.model
    stepper, recorder = Stepper(model, settings), Recorder(model, settings, reaction=reaction)
    recorder.record(stepper, begin.state, begin.members, 0, model.time(0))
    captured = CapturedStep(begin, settings)
    for step in range(1, settings.step_count + 1):
        captured.replay()
        if step % settings.save_every == 0:
            time = model.time(step * settings.dt)
            members = captured.counted()[0]
            recorder.record(stepper, captured.current(time), members, step // settings.save_every, time)
    members, progress = captured.counted()
    return recorder.result(progress, members)
