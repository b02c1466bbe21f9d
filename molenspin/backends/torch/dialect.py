"""The dialect of Triton that kernels are written in: Gluon where this version has it, else plain Triton.

Both share their operations. In Gluon the places of tensor elements in a warp are written down rather than
searched for: element i lies in thread i modulo 32. That search takes plain Triton minutes on a long kernel.
The interpreter knows plain Triton only.
"""

import os

from triton import jit as triton_jit
from triton import language as triton_language

try:
    from triton.experimental.gluon import jit as gluon_jit
    from triton.experimental.gluon import language as gluon_language
except ImportError:
    gluon_jit = None

IS_INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
IS_GLUON = gluon_jit is not None and not IS_INTERPRETED

if IS_GLUON:
    jit, tl = gluon_jit, gluon_language
    ONE_WARP = tl.constexpr(tl.BlockedLayout([1], [32], [1], [0]))

    @jit
    def lane_numbers(count: tl.constexpr):
        """0, 1, ..., count - 1."""
        return tl.arange(0, count, layout=ONE_WARP)

    @jit
    def rough_reciprocal(x):
        """1 / x to about 20 bits, in one instruction."""
        return tl.inline_asm_elementwise(
            "rcp.approx.ftz.f64 $0, $1;", "=d,d", [x], dtype=tl.float64, is_pure=True, pack=1
        )

    @jit
    def rough_inverse_root(x):
        """1 / sqrt(x) to about 20 bits, in one instruction."""
        return tl.inline_asm_elementwise(
            "rsqrt.approx.ftz.f64 $0, $1;", "=d,d", [x], dtype=tl.float64, is_pure=True, pack=1
        )

else:
    jit, tl = triton_jit, triton_language

    @jit
    def lane_numbers(count: tl.constexpr):
        """0, 1, ..., count - 1."""
        return tl.arange(0, count)

    @jit
    def rough_reciprocal(x):
        """1 / x."""
        return 1.0 / x

    @jit
    def rough_inverse_root(x):
        """1 / sqrt(x)."""
        return tl.rsqrt(x)


@jit
def block_or(bits):
    """Bits set on any lane of a block, one number."""
    return tl.reduce_or(bits, axis=0)
