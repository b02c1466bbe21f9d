//! Hyperbolic tangent: tanh(x) = e / (e + 2) with e = exp(2 x) - 1.

use super::trigonometric::polynomial;
use crate::vector::Vector;

/// tanh rounds to 1 from here on.
const SATURATION: f64 = 20.0;
const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// ln 2 in two parts, the first with trailing zeros: its product with an exponent is exact.
const LN_2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];
/// Adding it rounds to the nearest integer, which then stands in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// 1/2!, 1/3!, ...: exp(r) - 1 - r divided by r^2 on [-ln(2)/2, ln(2)/2].
const EXP: [f64; 12] = [
    5.0e-1,
    1.666_666_666_666_666_6e-1,
    4.166_666_666_666_666_4e-2,
    8.333_333_333_333_333e-3,
    1.388_888_888_888_889e-3,
    1.984_126_984_126_984e-4,
    2.480_158_730_158_73e-5,
    2.755_731_922_398_589e-6,
    2.755_731_922_398_589_4e-7,
    2.505_210_838_544_172e-8,
    2.087_675_698_786_81e-9,
    1.605_904_383_682_161_3e-10,
];

/// Hyperbolic tangent of each value.
#[inline(always)]
pub(crate) fn tanh<V: Vector>(value: V) -> V {
    let size = value.abs();
    let twice = V::splat(2.0) * size.select_less(V::splat(SATURATION), size, V::splat(SATURATION));
    let shifted = twice.mul_add(V::splat(LOG2_E), V::splat(ROUNDER));
    let exponent = shifted - V::splat(ROUNDER);
    let r = exponent.mul_add(V::splat(-LN_2[0]), twice);
    let r = exponent.mul_add(V::splat(-LN_2[1]), r);
    let growth = (r * r).mul_add(polynomial(r, EXP), r);
    let scale = shifted.shift_left::<52>().add_bits(V::splat(1.0));
    let e = scale.mul_add(growth, scale - V::splat(1.0));
    let tanh = (e / (e + V::splat(2.0))).with_sign_of(value);
    // What is not a number has more bits than infinity.
    V::splat(f64::INFINITY).select_fewer_bits(size, value, tanh)
}

#[cfg(test)]
mod tests {
    use super::tanh;
    use crate::vector::Single;

    #[test]
    fn agrees_with_the_standard_library() {
        for i in -60_000..60_000 {
            for value in [f64::from(i) * 4e-4, f64::from(i) * 1e-9, f64::from(i) * 31.0] {
                let Single(found) = tanh(Single::<true>(value));
                let expected = value.tanh();
                assert!((found - expected).abs() <= 5e-16 * expected.abs(), "{value}: {found} {expected}");
            }
        }
    }

    #[test]
    fn saturates_and_keeps_what_is_not_a_number() {
        for (value, expected) in [(700.0, 1.0), (-1e9, -1.0), (f64::INFINITY, 1.0), (f64::NEG_INFINITY, -1.0)]
        {
            assert_eq!(tanh(Single::<false>(value)).0, expected);
        }
        assert_eq!(tanh(Single::<false>(-0.0)).0.to_bits(), (-0.0_f64).to_bits());
        assert!(tanh(Single::<false>(f64::NAN)).0.is_nan());
    }
}
