"""Functions that the generated kernels call.

Sine and cosine come together, from one argument reduction that holds for every angle a simulation may reach
(the error stays near one rounding up to 1e8 rad). None of these functions branches, and their polynomials are
summed in pairs: on a single warp the length of the chain of operations is what costs.
"""

from molenspin.backends.torch.dialect import (
    block_or,
    jit,
    lane_numbers,
    rough_inverse_root,
    rough_reciprocal,
    tl,
)


@jit
def nearest_integer(x):
    """Round x, with the two lowest bits of the result: adding 1.5 times 2^52 leaves it in the lowest bits."""
    if x.dtype == tl.float64:
        shifted = x + 6755399441055744.0
        result = shifted - 6755399441055744.0
        bits = shifted.to(tl.int64, bitcast=True).to(tl.int32)
    else:
        shifted = x + 12582912.0
        result = shifted - 12582912.0
        bits = shifted.to(tl.int32, bitcast=True)
    return result, bits & 3


@jit
def sine_cosine(x):
    """Sine and cosine of x [rad]."""
    turns, quadrant = nearest_integer(x * 0.6366197723675814)
    if x.dtype == tl.float64:
        # pi / 2 in two parts: fused with the product, the first subtraction is exact.
        r = x - turns * 1.5707963267948966
        r = r - turns * 6.123233995736766e-17
    else:
        r = x - turns * 1.570796251296997
        r = r - turns * 7.549789415861596e-08
    z = r * r
    zz = z * z
    low = (z * 8.33333333332248946124e-03 - 1.66666666666666324348e-01) + zz * (
        z * 2.75573137070700676789e-06 - 1.98412698298579493134e-04
    )
    high = z * 1.58969099521155010221e-10 - 2.50507602534068634195e-08
    sine = r + (r * z) * (low + (zz * zz) * high)
    low = (z * -1.38888888888741095749e-03 + 4.16666666666666019037e-02) + zz * (
        z * -2.75573143513906633035e-07 + 2.48015872894767294178e-05
    )
    high = z * -1.13596475577881948265e-11 + 2.08757232129817482790e-09
    cosine = (1.0 - 0.5 * z) + zz * (low + (zz * zz) * high)
    is_odd = (quadrant & 1) == 1
    first = tl.where(is_odd, cosine, sine)
    second = tl.where(is_odd, sine, cosine)
    return (
        tl.where(quadrant >= 2, -first, first),
        tl.where((quadrant == 1) | (quadrant == 2), -second, second),
    )


@jit
def reciprocal(x):
    """1 / x to the last bit or two; x is neither 0 nor infinite."""
    if x.dtype == tl.float64:
        rough = rough_reciprocal(x)
        error = 1.0 - x * rough
        result = rough + rough * (error + error * error)
    else:
        result = 1.0 / x
    return result


@jit
def inverse_root(x):
    """1 / sqrt(x) to the last bit or two; x is above 0."""
    if x.dtype == tl.float64:
        rough = rough_inverse_root(x)
        error = 1.0 - (x * rough) * rough
        result = rough + (rough * error) * (0.5 + 0.375 * error)
    else:
        result = tl.rsqrt(x)
    return result


@jit
def sine(x):
    """Sine of x [rad]."""
    result, _ = sine_cosine(x)
    return result


@jit
def decaying_exponential(x):
    """exp(x) of x up to 0."""
    if x.dtype == tl.float64:
        x = tl.maximum(x, -700.0)
        shifted = x * 1.4426950408889634 + 6755399441055744.0
        power = shifted - 6755399441055744.0
        r = x - power * 0.6931471805599453
        r = r - power * 2.3190468138462996e-17
        s = r * r
        ss = s * s
        low = (1.0 + r) + s * (0.5 + r * 0.16666666666666666)
        middle = (0.041666666666666664 + r * 0.008333333333333333) + s * (
            0.001388888888888889 + r * 0.0001984126984126984
        )
        high = (2.48015873015873e-05 + r * 2.7557319223985893e-06) + s * (
            2.755731922398589e-07 + r * 2.505210838544172e-08
        )
        size = low + ss * (middle + ss * (high + ss * 2.08767569878681e-09))
        exponent = (shifted.to(tl.int64, bitcast=True) + 1023) << 52
        result = size * exponent.to(tl.float64, bitcast=True)
    else:
        result = tl.exp(x)
    return result


@jit
def hyperbolic_tangent(x):
    """Hyperbolic tangent, from the decaying exponential: nothing overflows."""
    decay = decaying_exponential(-2.0 * tl.abs(x))
    size = (1.0 - decay) * reciprocal(1.0 + decay)
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
