"""Draws `docs/reigate_heath.svg`, the picture of the README: `python docs/picture.py`."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

import molenspin as ms

HERE = Path(__file__).parent
MILL = HERE.parent / "config" / "assemblies" / "reigate_heath.yaml"

PLACES = {
    "sails": (0.2, 3),
    "brake_wheel": (1.6, 3),
    "wallower": (1.6, 2.1),
    "great_spur_wheel": (1.6, 1),
    "stone_nut_a": (0.4, 1),
    "stone_nut_b": (2.8, 1),
    "stone_a": (0.4, 0),
    "stone_b": (2.8, 0),
}
"""Where each body is drawn."""

COLOURS = {"sails": "#1b6ca8", "stone_a": "#d1495b", "stone_b": "#edae49"}
STEPS = (0.01, 0.005, 0.0025, 0.00125)


def draw() -> None:
    """Drivetrain, speeds, and what a step costs in accuracy."""
    plt.rcParams.update({"svg.hashsalt": "molenspin", "font.size": 9})
    figure = plt.figure(figsize=(10, 4.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    mill = ms.load_assembly(MILL)
    draw_drivetrain(left.subplots(), mill)
    speeds, errors = right.subplots(2, 1)
    draw_speeds(speeds, mill)
    draw_errors(errors, mill)
    figure.savefig(HERE / "reigate_heath.svg", metadata={"Date": None})


def draw_drivetrain(axes: Axes, mill: ms.Assembly) -> None:
    """Bodies as discs, elastic shafts as lines, gears as their tooth counts."""
    for part in (*mill.elements, *mill.constraints):
        if isinstance(part, ms.ElasticShaft | ms.Gear | ms.BevelGear):
            (xa, ya), (xb, yb) = PLACES[part.a], PLACES[part.b]
            shaft = isinstance(part, ms.ElasticShaft)
            axes.plot([xa, xb], [ya, yb], color="0.35", lw=3 if shaft else 1, ls="-" if shaft else ":")
            if not shaft:
                ratio = "{:g} : {:g}".format(*part.teeth)
                middle = ((xa + xb) / 2, (ya + yb) / 2)
                axes.annotate(ratio, middle, (6, 0) if xa == xb else (-15, 6), textcoords="offset points")
    for body in mill.bodies:
        x, y = PLACES[body.name]
        axes.scatter(x, y, s=18 * body.inertia**0.35, color=COLOURS.get(body.name, "0.6"), zorder=3)
        axes.annotate(body.name.replace("_", " "), (x, y), (11, -17), textcoords="offset points", va="center")
    axes.set(xlim=(-0.4, 3.6), ylim=(-0.4, 3.4), title="Reigate Heath windmill")
    axes.axis("off")


def draw_speeds(axes: Axes, mill: ms.Assembly) -> None:
    """From rest, in a gusty wind of 8 m/s."""
    run = mill.simulate(duration=60, dt=0.01, save_every=10)
    for body, colour in COLOURS.items():
        turns = abs(run["angular_velocity"].sel(body=body)) * 30 / np.pi
        axes.semilogy(run["time"][1:], turns[1:], color=colour, label=body.replace("_", " "))
    axes.set(xlabel="time [s]", ylabel="turns a minute", ylim=(0.5, 400))
    axes.legend(ncols=3, frameon=False, loc="lower right")


def draw_errors(axes: Axes, mill: ms.Assembly) -> None:
    """Error of the angle of a stone after 2 s against the step."""
    exact = final_angle(mill, STEPS[-1] / 4, "rk4")
    for integrator, marker in zip(ms.Integrator, "osd", strict=True):
        errors = [abs(final_angle(mill, dt, integrator) - exact) for dt in STEPS]
        axes.loglog(STEPS, errors, marker=marker, label=integrator)
    axes.set(xlabel="dt [s]", ylabel="error of angle [rad]")
    axes.set_xticks(STEPS, [f"{dt:g}" for dt in STEPS])
    axes.minorticks_off()
    axes.legend(ncols=3, frameon=False)


def final_angle(mill: ms.Assembly, dt: float, integrator: str) -> float:
    """Angle of the first stone after 2 s [rad]."""
    run = mill.simulate(duration=2, dt=dt, integrator=integrator, save_every=round(2 / dt))
    return float(run["angle"].sel(body="stone_a").isel(time=-1))


if __name__ == "__main__":
    draw()
