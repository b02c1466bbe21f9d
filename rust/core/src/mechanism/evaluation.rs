//! Residuals, G and second derivatives of the rows of a column.

use super::column::Column;
use super::{Moment, Structure};
use crate::constraints::{Angle, CURVATURES, Evaluation, cam, slider_crank, universal_joint};
use crate::schedule::RowKind;
use crate::solver::ENTRIES;
use crate::vector::Vector;

/// Values kept for an angle.
const ANGLE: usize = 3;

/// Values kept for the angles of a row.
pub(super) const ANGLES: usize = 2 * ANGLE;

impl Column {
    /// Residual, G and second derivatives at a position; returns the largest residual.
    #[inline(always)]
    pub(super) fn evaluate<V: Vector>(
        &mut self,
        structure: &Structure,
        position: &[f64],
        moment: Moment<'_>,
    ) -> V {
        let mut largest = V::splat(0.0);
        for (number, row) in structure.rows.iter().enumerate() {
            let residual = if row.kind == RowKind::Linear {
                self.linear_row::<V>(structure, number, position, moment.time)
            } else {
                if moment.anew {
                    self.evaluate_angles::<V>(structure, number, position);
                }
                let evaluation = self.nonlinear_row::<V>(structure, number, position);
                self.keep_derivatives(structure, number, evaluation, moment.inverse_mass);
                evaluation.residual
            };
            largest = largest.max(residual.abs());
            residual.store(&mut self.multipliers, number * V::WIDTH);
        }
        largest
    }

    /// The residual alone: G stays that of an earlier position.
    #[inline(always)]
    pub(super) fn evaluate_residual<V: Vector>(
        &mut self,
        structure: &Structure,
        position: &[f64],
        time: f64,
    ) -> V {
        let mut largest = V::splat(0.0);
        for (number, row) in structure.rows.iter().enumerate() {
            let residual = if row.kind == RowKind::Linear {
                self.linear_row::<V>(structure, number, position, time)
            } else {
                self.nonlinear_row::<V>(structure, number, position).residual
            };
            largest = largest.max(residual.abs());
            residual.store(&mut self.multipliers, number * V::WIDTH);
        }
        largest
    }

    #[inline(always)]
    fn linear_row<V: Vector>(&self, structure: &Structure, row: usize, position: &[f64], time: f64) -> V {
        let [offset, rate] = self.parameters::<V, 2>(structure, row);
        self.row_product::<V>(structure, row, position) - rate.mul_add(V::splat(time), offset)
    }

    #[inline(always)]
    fn nonlinear_row<V: Vector>(&self, structure: &Structure, row: usize, position: &[f64]) -> Evaluation<V> {
        let [at_a, at_b] = structure.rows[row].places.ends(self.shift);
        let (a, b) = (V::load(position, at_a), V::load(position, at_b));
        let [place_a, place_b] = angle_places::<V>(row);
        let angle_a = Angle::load(&self.angles, place_a).moved_to(a);
        match structure.rows[row].kind {
            RowKind::SliderCrank => slider_crank(angle_a, b, self.parameters::<V, 2>(structure, row)),
            RowKind::Cam => {
                let lifts = &self.parameters[structure.rows[row].first_parameter * V::WIDTH..];
                cam(angle_a, b, lifts, structure.rows[row].parameter_count)
            }
            _ => {
                let [cos_angle] = self.parameters::<V, 1>(structure, row);
                universal_joint(angle_a, Angle::load(&self.angles, place_b).moved_to(b), cos_angle)
            }
        }
    }

    /// Evaluates the angles that the others of this step are moved from.
    #[inline(always)]
    fn evaluate_angles<V: Vector>(&mut self, structure: &Structure, row: usize, position: &[f64]) {
        let [a, b] = structure.rows[row].places.ends(self.shift);
        let [place_a, place_b] = angle_places::<V>(row);
        Angle::new(V::load(position, a)).store(&mut self.angles, place_a);
        if structure.rows[row].kind == RowKind::UniversalJoint {
            Angle::new(V::load(position, b)).store(&mut self.angles, place_b);
        }
    }

    #[inline(always)]
    fn keep_derivatives<V: Vector>(
        &mut self,
        structure: &Structure,
        row: usize,
        evaluation: Evaluation<V>,
        inverse_mass: &[f64],
    ) {
        let ends = structure.rows[row].places.ends(self.shift);
        for (number, end) in ends.into_iter().enumerate() {
            let (entry, at) = (evaluation.gradient[number], (row * ENTRIES + number) * V::WIDTH);
            entry.store(&mut self.gradient, at);
            (entry * V::load(inverse_mass, end)).store(&mut self.change, at);
        }
        for number in 0..CURVATURES {
            evaluation.curvature[number].store(&mut self.curvature, (row * CURVATURES + number) * V::WIDTH);
        }
    }

    /// gamma = g_aa v_a^2 + 2 g_ab v_a v_b + g_bb v_b^2 of a nonlinear row.
    #[inline(always)]
    pub(super) fn gamma<V: Vector>(&self, structure: &Structure, row: usize, velocity: &[f64]) -> V {
        let first = row * CURVATURES * V::WIDTH;
        let curvature = |number: usize| V::load(&self.curvature, first + number * V::WIDTH);
        let (aa, ab, bb) = (curvature(0), curvature(1), curvature(2));
        let [at_a, at_b] = structure.rows[row].places.ends(self.shift);
        let (a, b) = (V::load(velocity, at_a), V::load(velocity, at_b));
        a * aa.mul_add(a, (ab + ab) * b) + bb * b * b
    }

    /// The first parameters of a row.
    #[inline(always)]
    pub(super) fn parameters<V: Vector, const N: usize>(&self, structure: &Structure, row: usize) -> [V; N] {
        let first = structure.rows[row].first_parameter;
        std::array::from_fn(|number| V::load(&self.parameters, (first + number) * V::WIDTH))
    }
}

#[inline(always)]
fn angle_places<V: Vector>(row: usize) -> [usize; 2] {
    [row * ANGLES * V::WIDTH, (row * ANGLES + ANGLE) * V::WIDTH]
}
