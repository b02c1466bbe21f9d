//! Runtime choice of the instruction set: the same generic code, compiled for each.

use crate::batch::{self, Plan, Turn, Work};
use crate::interrupt::Watch;
use crate::outcome::Interrupted;
use crate::vector::Portable;
#[cfg(target_arch = "x86_64")]
use crate::vector::{Avx2, Avx512};

/// Instruction sets that the time loop is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum InstructionSet {
    /// What every processor of the target has.
    Baseline,
    /// AVX2 with fused multiply-add.
    Avx2,
    /// AVX-512.
    Avx512,
}

impl InstructionSet {
    /// The widest that this processor has.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let avx512 = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 {
                return Self::Avx512;
            }
            if avx2 {
                return Self::Avx2;
            }
        }
        Self::Baseline
    }

    /// Its name as reported to users.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

/// Takes a turn of a batch with an instruction set that `InstructionSet::detect` has found.
pub(crate) fn take_turn<'a>(
    set: InstructionSet,
    plan: &'a Plan<'a>,
    work: Work<'a>,
    step_count: usize,
    watch: &mut Watch<'_>,
) -> Result<Turn<'a>, Interrupted> {
    match set {
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx512 => batch::take_turn::<Avx512>(plan, work, step_count, watch),
        #[cfg(target_arch = "x86_64")]
        InstructionSet::Avx2 => batch::take_turn::<Avx2>(plan, work, step_count, watch),
        _ => batch::take_turn::<Portable>(plan, work, step_count, watch),
    }
}
