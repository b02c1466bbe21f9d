//! Sine and cosine: reduction to [-pi/4, pi/4] in three parts of pi/2, then the minimax polynomials that
//! every C library uses.

use crate::lanes::exceeds;
use crate::vector::{PACK, Vector};

/// Beyond this the three-part reduction loses digits, and the standard library takes over.
const LIMIT: f64 = 1.0e6;

const TWO_OVER_PI: f64 = std::f64::consts::FRAC_2_PI;
/// pi/2 in three parts of 33 bits: their products with a quadrant number below 2^20 are exact.
const HALF_PI: [f64; 3] = [1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_6e-21];
/// Adding it rounds to the nearest integer, which then stands in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

const SIN: [f64; 6] = [
    -1.666_666_666_666_663_2e-1,
    8.333_333_333_322_49e-3,
    -1.984_126_982_985_795e-4,
    2.755_731_370_707_006_8e-6,
    -2.505_076_025_340_686_3e-8,
    1.589_690_995_211_55e-10,
];
const COS: [f64; 6] = [
    4.166_666_666_666_66e-2,
    -1.388_888_888_887_411e-3,
    2.480_158_728_947_673e-5,
    -2.755_731_435_139_066_3e-7,
    2.087_572_321_298_175e-9,
    -1.135_964_755_778_819_5e-11,
];

/// Sine and cosine of each angle [rad].
#[inline(always)]
pub(crate) fn sin_cos<V: Vector>(angle: V) -> (V, V) {
    let (sin, cos) = reduced_sin_cos(angle);
    if angle.abs().all_at_most(V::splat(LIMIT)) { (sin, cos) } else { far_sin_cos(angle, sin, cos) }
}

/// Replaces the results of angles beyond the limit, which the reduction cannot handle.
#[cold]
fn far_sin_cos<V: Vector>(angle: V, mut sin: V, mut cos: V) -> (V, V) {
    let mut lanes = [[0.0; PACK]; 3];
    for (lane, values) in lanes.iter_mut().zip([angle, sin, cos]) {
        values.store(lane, 0);
    }
    let [angles, sines, cosines] = &mut lanes;
    for ((angle, sine), cosine) in angles.iter().zip(&mut *sines).zip(&mut *cosines).take(V::WIDTH) {
        if exceeds(angle.abs(), LIMIT) {
            (*sine, *cosine) = angle.sin_cos();
        }
    }
    (sin, cos) = (V::load(sines, 0), V::load(cosines, 0));
    (sin, cos)
}

#[inline(always)]
fn reduced_sin_cos<V: Vector>(angle: V) -> (V, V) {
    let shifted = angle.mul_add(V::splat(TWO_OVER_PI), V::splat(ROUNDER));
    let quadrant = shifted - V::splat(ROUNDER);
    let r = quadrant.mul_add(V::splat(-HALF_PI[0]), angle);
    let r = quadrant.mul_add(V::splat(-HALF_PI[1]), r);
    let r = quadrant.mul_add(V::splat(-HALF_PI[2]), r);
    let z = r * r;
    let sin = (r * z).mul_add(polynomial(z, SIN), r);
    let half = z * V::splat(0.5);
    let head = V::splat(1.0) - half;
    let tail = (V::splat(1.0) - head) - half;
    let cos = head + (z * z).mul_add(polynomial(z, COS), tail);
    // Odd quadrants swap sine and cosine; the next bit of the quadrant (plus one for the cosine) is the sign.
    let odd = shifted.shift_left::<63>().xor(V::splat(1.0));
    let choose = |even: V, other: V| odd.select_less(V::splat(0.0), other, even);
    let sign = |quadrant: V| quadrant.and(V::splat_bits(2)).shift_left::<62>();
    let next = shifted.add_bits(V::splat_bits(1));
    (choose(sin, cos).xor(sign(shifted)), choose(cos, sin).xor(sign(next)))
}

/// Sine and cosine of an angle whose own are given, moved by a change of at most 1/32 rad.
#[inline(always)]
pub(crate) fn rotate<V: Vector>((sin, cos): (V, V), change: V) -> (V, V) {
    let z = change * change;
    // The next terms of the two series are below 1e-19 and 1e-18.
    let sine = (change * z).mul_add(polynomial(z, [-1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0]), change);
    let cosine_less_one = z * polynomial(z, [-0.5, 1.0 / 24.0, -1.0 / 720.0, 1.0 / 40320.0]);
    let turned_sin = cos.mul_add(sine, sin * cosine_less_one) + sin;
    let turned_cos = (-sin).mul_add(sine, cos * cosine_less_one) + cos;
    (turned_sin, turned_cos)
}

/// Horner's rule, lowest coefficient first.
#[inline(always)]
pub(super) fn polynomial<V: Vector, const N: usize>(x: V, coefficients: [f64; N]) -> V {
    let mut sum = V::splat(coefficients[N - 1]);
    for i in (0..N - 1).rev() {
        sum = sum.mul_add(x, V::splat(coefficients[i]));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vector::{Instructions, Portable, Single};

    fn assert_near(angle: f64) {
        let Single(sin) = sin_cos(Single::<true>(angle)).0;
        let Single(cos) = sin_cos(Single::<false>(angle)).1;
        assert!((sin - angle.sin()).abs() <= 2.3e-16, "sin {angle}: {sin} {}", angle.sin());
        assert!((cos - angle.cos()).abs() <= 2.3e-16, "cos {angle}: {cos} {}", angle.cos());
    }

    #[test]
    fn agrees_with_the_standard_library_from_tiny_to_huge() {
        for i in 0..40_000 {
            let angle = (f64::from(i) - 20_000.0) * 0.0137;
            assert_near(angle);
            assert_near(angle * 3_651.7);
            assert_near(angle * 1e9);
            assert_near(angle * 1e-7);
        }
    }

    #[test]
    fn rotation_agrees_with_evaluation() {
        for i in -500..500 {
            let (angle, change) = (f64::from(i) * 0.37, f64::from(i) / 16_000.0);
            let (Single(sin), Single(cos)) = rotate(sin_cos(Single::<true>(angle)), Single(change));
            assert!((sin - (angle + change).sin()).abs() <= 3.4e-16 + 1.2e-16 * angle.abs());
            assert!((cos - (angle + change).cos()).abs() <= 3.4e-16 + 1.2e-16 * angle.abs());
        }
    }

    #[test]
    fn keeps_relative_accuracy_near_multiples_of_pi() {
        for k in 1..2_000 {
            let angle = f64::from(k) * std::f64::consts::PI;
            let Single(sin) = sin_cos(Single::<true>(angle)).0;
            assert!((sin - angle.sin()).abs() <= 4e-16 * angle.sin().abs() + 1e-19 * angle.abs());
        }
    }

    #[test]
    fn a_pack_equals_its_single_values_bit_by_bit() {
        type Pack = <Portable as Instructions>::Pack;
        type One = <Portable as Instructions>::Single;
        let angles = [0.1, -2.0, 33.0, 1e5, 3e7, -1e-9, 0.0, 5.5];
        let (sin, cos) = sin_cos(Pack::load(&angles, 0));
        let [mut sines, mut cosines] = [[0.0; PACK]; 2];
        sin.store(&mut sines, 0);
        cos.store(&mut cosines, 0);
        for (i, &angle) in angles.iter().enumerate() {
            let (s, c) = sin_cos(One::splat(angle));
            assert_eq!((sines[i].to_bits(), cosines[i].to_bits()), (s.0.to_bits(), c.0.to_bits()));
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for angle in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let (Single(sin), Single(cos)) = sin_cos(Single::<true>(angle));
            assert!(sin.is_nan() && cos.is_nan());
        }
    }
}
