"""Functions that the generated kernels call.

Sine and cosine come together, from one argument reduction that holds for every angle a simulation may reach
(the error stays near one rounding up to 1e8 rad), and need no slow path: the library's pair costs three times
as much and branches.
"""

from molenspin.backends.torch.dialect import block_or, jit, lane_numbers, tl


@jit
def sine_cosine(x):
    """Sine and cosine of x [rad]."""
    turns = tl.floor(x * 0.6366197723675814 + 0.5)
    # pi / 2 in three parts; the first two have 24 bits, so their products are exact in float64.
    r = x - turns * 1.570796251296997
    r = r - turns * 7.549789415861596e-08
    r = r - turns * 5.390302858158119e-15
    z = r * r
    sine = z * 1.58969099521155010221e-10 - 2.50507602534068634195e-08
    sine = sine * z + 2.75573137070700676789e-06
    sine = sine * z - 1.98412698298579493134e-04
    sine = sine * z + 8.33333333332248946124e-03
    sine = sine * z - 1.66666666666666324348e-01
    sine = r + r * z * sine
    cosine = z * -1.13596475577881948265e-11 + 2.08757232129817482790e-09
    cosine = cosine * z - 2.75573143513906633035e-07
    cosine = cosine * z + 2.48015872894767294178e-05
    cosine = cosine * z - 1.38888888888741095749e-03
    cosine = cosine * z + 4.16666666666666019037e-02
    cosine = 1.0 - 0.5 * z + z * z * cosine
    quadrant = turns.to(tl.int32) & 3
    swap = (quadrant & 1) == 1
    first = tl.where(swap, cosine, sine)
    second = tl.where(swap, sine, cosine)
    return tl.where(quadrant >= 2, -first, first), tl.where(
        (quadrant == 1) | (quadrant == 2), -second, second
    )


@jit
def sine(x):
    """Sine of x [rad]."""
    result, _ = sine_cosine(x)
    return result


@jit
def hyperbolic_tangent(x):
    """Hyperbolic tangent, from the decaying exponential: nothing overflows."""
    decay = tl.exp(-2.0 * tl.abs(x))
    size = (1.0 - decay) / (1.0 + decay)
    return tl.where(x < 0.0, -size, size)


@jit
def tooth_force(depth, rate, stiffness, damping, half_backlash):
    """Force of an elastic mesh: a dead zone of the backlash, damping only in contact."""
    beyond = tl.abs(depth) - half_backlash
    pressed = tl.where(depth < 0.0, -beyond, beyond) * stiffness
    return tl.where(beyond >= 0.0, pressed + damping * rate, 0.0)


@jit
def member_or(bits, LANES: tl.constexpr, MEMBERS: tl.constexpr):
    """Bits set on any lane of a member, on every lane of it."""
    if LANES == 1:
        return bits
    if MEMBERS == 1:
        return bits * 0 + block_or(bits)
    lane = lane_numbers(LANES * MEMBERS)
    for power in tl.static_range(0, 10):
        if (1 << power) < LANES:
            bits = bits | tl.gather(bits, lane ^ (1 << power), axis=0)
    return bits
