"""Source of the fused kernel of one assembly structure and one integrator: the whole time loop.

The loop keeps every state in registers; a lane holds one instance of each template of the layout. What a lane
needs of another lane comes by `tl.gather`, what becomes of a member by a reduction over its lanes; with one
warp per block neither needs a barrier.

Variables of the loop, by slot: ``p`` and ``w`` are the candidate position and velocity that the top of the
loop projects, ``q`` and ``v`` those at the start of the step, ``sp`` and ``sw`` the weighted sums of rk4.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from molenspin.assembly.compiled import CompiledAssembly
from molenspin.backends.protocol import RUNAWAY_LIMIT, Settings
from molenspin.backends.torch.equations import Equations
from molenspin.backends.torch.kernel_text import LOAD, LOSE, RUNAWAY, SIGNATURE, STORE, KernelSource
from molenspin.backends.torch.layout import Layout
from molenspin.backends.torch.program import Program, Value
from molenspin.backends.torch.projection import Projection, Tangent, keep_stopped
from molenspin.backends.torch.rows import Slots
from molenspin.integrators import Integrator

FINAL_STAGE = {Integrator.RK4: 3, Integrator.EULER: 0}


def kernel_source(
    compiled: CompiledAssembly,
    layout: Layout,
    settings: Settings,
    dtype: str,
    varying: Mapping[str, Tensor] | None = None,
) -> KernelSource:
    """Write the kernel of an assembly; arrays that vary between members may be on a device already."""
    if varying is None:
        arrays = compiled.arrays()
        varying = {name: torch.tensor(arrays[name]) for name in compiled.varying()}
    writer = _Writer(compiled, layout, settings, dtype, varying)
    writer.write()
    program = writer.program
    links = np.array(writer.equations.links, dtype=np.int64).reshape(-1, layout.lane_count)
    return KernelSource(
        text="\n".join(program.lines) + "\n",
        shared=program.shared(layout.lane_count),
        varying=program.varying(compiled.member_count, layout.lane_count),
        links=links,
    )


class _Writer:
    """Writes one kernel, top to bottom."""

    def __init__(
        self,
        compiled: CompiledAssembly,
        layout: Layout,
        settings: Settings,
        dtype: str,
        varying: Mapping[str, Tensor],
    ) -> None:
        self.program = Program()
        self.equations = Equations(compiled, layout, self.program, varying)
        self.projection = Projection(self.equations, self.program, settings.tolerance, dtype)
        self.settings = settings
        self.slots = range(layout.slot_count)
        self.h = self.program.known(settings.dt)
        self.position, self.velocity = self.variables("p"), self.variables("w")

    def variables(self, prefix: str) -> dict[int, Value]:
        """The variables ``prefix0``, ``prefix1``, ... by slot."""
        return {slot: self.program.variable(f"{prefix}{slot}") for slot in self.slots}

    def assign(self, prefix: str, values: Slots) -> None:
        """Write ``prefix{slot} = value`` for all slots."""
        for slot, value in values.items():
            spread = " + zero" if value.is_known() else ""
            self.program.line(f"{prefix}{slot} = {self.program.text(value)}{spread}")

    def write(self) -> None:
        """The whole function."""
        program = self.program
        with program.block(SIGNATURE):
            program.write(LOAD)
            start = program.mark()
            self.transfer(lambda name, place: f"{name} = tl.load(state + {place} * UNITS + unit)")
            if self.settings.integrator == Integrator.VERLET:
                self.verlet()
            else:
                self.staged()
            self.transfer(lambda name, place: f"tl.store(state + {place} * UNITS + unit, {name})")
            program.write(STORE)
        links = range(len(self.equations.links))
        program.insert(start, [f"link{k} = tl.load(links + {k} * LANES + lane) + base" for k in links])

    def transfer(self, line: Callable[[str, int], str]) -> None:
        """Write a line for the position and the velocity of every slot and its place in a buffer."""
        for offset, prefix in enumerate(("p", "w")):
            for slot in self.slots:
                self.program.line(line(f"{prefix}{slot}", offset * len(self.slots) + slot))

    def time(self, fraction: str) -> Value:
        """Time at a fraction of the current step."""
        steps = self.program.compute(f"zero + step + {fraction}")
        return self.h * steps

    # Integrators

    def staged(self) -> None:
        """rk4 and euler: one pass of the loop projects a stage, differentiates it and forms the next one.

        The end of a step and the first stage of the next are one state, so a step has as many passes as the
        method has stages; the final pass only projects and records.
        """
        program = self.program
        stage_count = FINAL_STAGE[self.settings.integrator] + 1
        for prefix in ("q", "v", "sp", "sw") if stage_count > 1 else ():
            self.assign(prefix, {slot: program.known(0.0) for slot in self.slots})
        program.write(f"tick = first_step * {stage_count}\nend = last_step * {stage_count}")
        with program.block("while tick <= end:"):
            program.write(f"step = tick // {stage_count}\nstage = tick % {stage_count}")
            fraction = (
                "tl.where(stage == 0, 0.0, tl.where(stage == 3, 1.0, 0.5))" if stage_count > 1 else "0.0"
            )
            program.line("current = step + tl.where(stage > 0, 1, 0)")
            time = self.time(fraction)
            tangent = self.projection.positions(self.position, time)
            self.assign("w", self.projection.velocities(tangent, self.velocity))
            with program.block("if stage == 0:"):
                self.end_step(tangent, time)
                if stage_count > 1:
                    self.assign("q", self.position)
                    self.assign("v", self.velocity)
                    for prefix in ("sp", "sw"):
                        self.assign(prefix, {slot: program.known(0.0) for slot in self.slots})
            acceleration = self.differentiate(tangent, time)
            with program.block("if tick < end:"):
                self.runge_kutta(acceleration) if stage_count > 1 else self.semi_implicit(acceleration)
            program.line("tick += 1")

    def runge_kutta(self, acceleration: Slots) -> None:
        """Form the next stage of rk4, or the end of the step."""
        program, h = self.program, self.h
        sixth, third, half = (program.text(h * factor) for factor in (1 / 6, 1 / 3, 1 / 2))
        program.line(f"weight = tl.where((stage == 0) | (stage == 3), {sixth} + zero, {third} + zero)")
        program.line(f"reach = tl.where(stage == 2, {program.text(h)} + zero, {half} + zero)")
        weight, reach = program.variable("weight"), program.variable("reach")
        rates = (("p", "q", "sp", self.velocity), ("w", "v", "sw", acceleration))
        for _, _, total, rate in rates:
            self.assign(total, {s: program.variable(f"{total}{s}") + weight * rate[s] for s in self.slots})
        with program.block("if stage == 3:"):
            for target, start, total, _ in rates:
                self.assign(
                    target, {s: self.variables(start)[s] + self.variables(total)[s] for s in self.slots}
                )
        with program.block("else:"):
            for target, start, _, rate in rates:
                self.assign(target, {s: self.variables(start)[s] + reach * rate[s] for s in self.slots})

    def semi_implicit(self, acceleration: Slots) -> None:
        """Form the end of a step of euler."""
        self.assign("w", {s: self.velocity[s] + self.h * acceleration[s] for s in self.slots})
        self.assign("p", {s: self.position[s] + self.h * self.velocity[s] for s in self.slots})

    def verlet(self) -> None:
        """RATTLE: one pass ends a step by projecting its velocity, records, and forms the next position."""
        program = self.program
        half_kick = [self.h * 0.5 * weight for weight in self.equations.inverse_mass]
        program.line("step = first_step + 0")
        with program.block("while step <= last_step:"):
            time = self.time("0.0")
            tangent = self.projection.at(self.position, time)
            self.assign("w", self.projection.velocities(tangent, self.velocity))
            self.end_step(tangent, time)
            force = self.equations.forces(self.position, self.velocity, time)
            self.reactions(tangent, force)
            with program.block("if step < last_step:"):
                program.line("current = step + 1")
                self.assign("q", self.position)
                middle = {s: self.velocity[s] + half_kick[s] * force[s] for s in self.slots}
                self.assign("p", {s: self.position[s] + self.h * middle[s] for s in self.slots})
                after = self.time("1.0")
                reached = self.projection.positions(self.position, after, along=tangent)
                self.assign("p", self.projection.shifted(self.position, reached, along=tangent))
                per_h = program.known(1.0 / self.settings.dt)
                middle = {s: (self.position[s] - self.variables("q")[s]) * per_h for s in self.slots}
                expected = {s: 2.0 * middle[s] - self.velocity[s] for s in self.slots}
                force = self.equations.forces(self.position, expected, after)
                self.assign("w", {s: middle[s] + half_kick[s] * force[s] for s in self.slots})
            program.line("step += 1")

    # What happens at the end of every step

    def differentiate(self, tangent: Tangent, time: Value) -> dict[int, Value]:
        """Accelerations; where asked for, the reactions at the start of a step are recorded."""
        force = self.equations.forces(self.position, self.velocity, time)
        acceleration, reactions = self.projection.accelerations(tangent, self.velocity, force)
        with self.program.block("if REACTION and stage == 0 and step % save_every == 0:"):
            self.store_reactions(reactions)
        return acceleration

    def reactions(self, tangent: Tangent, force: Slots) -> None:
        """Record reactions where asked for."""
        with self.program.block("if REACTION and step % save_every == 0:"):
            self.store_reactions(self.projection.accelerations(tangent, self.velocity, force)[1])

    def store_reactions(self, reactions: list[Value]) -> None:
        program = self.program
        program.line(
            f"row = reaction + (step // save_every).to(tl.int64) * ({len(reactions)} * UNITS) + unit"
        )
        for number, value in enumerate(reactions):
            text = program.text(value)
            program.line(f'tl.store(row + {number} * UNITS, tl.where(alive, {text}, float("nan")))')

    def end_step(self, tangent: Tangent, time: Value) -> None:
        """Look for runaways, keep the largest residual, record."""
        program = self.program
        residual = program.text(self.projection.residual(tangent))
        program.line(f"worst = tl.where(alive, tl.maximum(worst, {residual}), worst)")
        program.line("bounded = zero == 0.0")
        for value in (*self.position.values(), *self.velocity.values()):
            program.line(f"bounded = bounded & (tl.abs({value.name}) < {RUNAWAY_LIMIT})")
        program.write(RUNAWAY)
        with program.block("if block_or(verdict) > 0:"):
            program.write(LOSE)
            keep_stopped(program, dict(enumerate((*self.position.values(), *self.velocity.values()))), time)
        with program.block("if step % save_every == 0:"):
            samples = 2 * len(self.slots)
            program.line(f"cell = record + (step // save_every).to(tl.int64) * ({samples} * UNITS) + unit")
            self.transfer(
                lambda name, place: f'tl.store(cell + {place} * UNITS, tl.where(alive, {name}, float("nan")))'
            )
