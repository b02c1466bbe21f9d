"""A Triton kernel that does nothing but multiply and add: eight independent chains per thread."""

import triton
import triton.language as tl


@triton.jit
def chains(result, links, THREADS: tl.constexpr):
    """Advance every chain by ``links`` fused multiply-adds and store their sum."""
    place = tl.program_id(0) * THREADS + tl.arange(0, THREADS)
    a = tl.load(result + place)
    factor = a * 0.0 + 0.999999
    b, c, d, e, f, g, h = a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7
    for _ in range(links):
        a = a * factor + factor
        b = b * factor + factor
        c = c * factor + factor
        d = d * factor + factor
        e = e * factor + factor
        f = f * factor + factor
        g = g * factor + factor
        h = h * factor + factor
    tl.store(result + place, a + b + c + d + e + f + g + h)
