//! Every integrator and instruction set on cases whose solution is known.

use molenspin_core::{
    Assembly, Coefficients, History, InstructionSet, Integrator, LinearRows, Outcome, Settings, SliderCranks,
    Springs, Status, simulate_on,
};

const SETS: [InstructionSet; 3] = [InstructionSet::Baseline, InstructionSet::Avx2, InstructionSet::Avx512];

/// Bodies of given inertias and unit masses at rest.
fn bodies(inertias: &[f64]) -> Assembly {
    let count = 2 * inertias.len();
    let zeros = || Coefficients::from(vec![0.0; count]);
    Assembly {
        member_count: 1,
        mass: inertias.iter().flat_map(|&inertia| [inertia, 1.0]).collect::<Vec<_>>().into(),
        initial_position: zeros(),
        initial_velocity: zeros(),
        stiffness: zeros(),
        damping: zeros(),
        constant_force: zeros(),
        ..Assembly::default()
    }
}

fn settings(integrator: Integrator, dt: f64, step_count: usize) -> Settings {
    Settings {
        dt,
        step_count,
        save_every: step_count,
        integrator,
        tolerance: 1e-10,
        newton_limit: 20,
        runaway_limit: 1e8,
        thread_count: 1,
    }
}

struct Run {
    outcome: Outcome,
    angle: Vec<f64>,
    velocity: Vec<f64>,
    reaction: Vec<f64>,
}

/// Angles, angular velocities and reactions as (member, row, sample).
fn run(set: InstructionSet, assembly: &Assembly, settings: &Settings) -> Run {
    assembly.check().expect("the test's assembly is sound");
    let states = assembly.member_count * assembly.body_count() * settings.sample_count();
    let rows = assembly.member_count * assembly.constraint_count() * settings.sample_count();
    let [mut angle, mut displacement, mut angular_velocity, mut velocity] =
        [(); 4].map(|()| vec![f64::NAN; states]);
    let mut reaction = vec![f64::NAN; rows];
    let history = History {
        angle: &mut angle,
        displacement: &mut displacement,
        angular_velocity: &mut angular_velocity,
        velocity: &mut velocity,
        reaction: Some(&mut reaction),
    };
    let outcome = simulate_on(set, assembly, settings, history, &|| false).expect("nobody interrupts");
    Run { outcome, angle, velocity: angular_velocity, reaction }
}

/// Inertia 2 on a stiffness 8: theta = cos(2 t).
fn oscillator() -> Assembly {
    Assembly { stiffness: vec![8.0, 0.0].into(), initial_position: vec![1.0, 0.0].into(), ..bodies(&[2.0]) }
}

#[test]
fn observed_orders_are_those_of_the_methods() {
    let cases = [(Integrator::Rk4, 4.0), (Integrator::Verlet, 2.0), (Integrator::Euler, 1.0)];
    for (set, (integrator, order)) in SETS.iter().flat_map(|set| cases.map(|case| (*set, case))) {
        let error = |steps: usize| {
            let run = run(set, &oscillator(), &settings(integrator, 1.0 / steps as f64, steps));
            (run.angle[1] - 2.0_f64.cos()).abs()
        };
        let observed = (error(100) / error(200)).log2();
        assert!((observed - order).abs() < 0.1, "{set:?} {integrator:?}: {observed}");
    }
}

/// Bodies 0 and 1 with theta_1 = -2 theta_0, driven by a torque of 3 on body 0.
fn geared_pair() -> Assembly {
    Assembly {
        constant_force: vec![3.0, 0.0, 0.0, 0.0].into(),
        linear_rows: LinearRows {
            row: vec![0],
            index: vec![[0, 2, 0, 0]],
            direction: Coefficients::from(vec![2.0, 1.0, 0.0, 0.0]),
            offset: vec![0.0].into(),
            rate: vec![0.0].into(),
        },
        elimination_order: vec![0],
        ..bodies(&[1.0, 0.5])
    }
}

#[test]
fn a_geared_pair_accelerates_as_one_inertia() {
    // J = 1 + 0.5 * 2^2 = 3, so a_0 = 1; the gear passes lambda with 0.5 a_1 = lambda.
    for integrator in [Integrator::Rk4, Integrator::Verlet] {
        let run = run(InstructionSet::detect(), &geared_pair(), &settings(integrator, 0.01, 100));
        assert!((run.angle[1] - 0.5).abs() < 1e-12);
        assert!((run.angle[3] + 1.0).abs() < 1e-12);
        assert!((run.reaction[1] + 1.0).abs() < 1e-12);
        assert!(run.outcome.members[0].max_residual < 1e-13);
    }
}

/// A crank of radius 0.3 that slides a unit mass, from angle 0.4 at 5 rad/s.
fn slider_crank() -> Assembly {
    Assembly {
        initial_position: vec![0.4, 0.0, 0.0, 0.0].into(),
        initial_velocity: vec![5.0, 0.0, 0.0, 0.0].into(),
        slider_cranks: SliderCranks {
            row: vec![0],
            index_a: vec![0],
            index_b: vec![3],
            crank: vec![0.3].into(),
            rod: vec![1.0].into(),
        },
        elimination_order: vec![0],
        ..bodies(&[2.0, 1.0])
    }
}

#[test]
fn a_slider_crank_keeps_its_energy() {
    let slope = |angle: f64| {
        let (sin, cos) = angle.sin_cos();
        -0.3 * sin - 0.09 * sin * cos / (1.0 - 0.09 * sin * sin).sqrt()
    };
    let energy = |angle: f64, rate: f64| 0.5 * (2.0 + slope(angle).powi(2)) * rate * rate;
    for set in SETS {
        let run = run(set, &slider_crank(), &settings(Integrator::Rk4, 1e-3, 2000));
        let (start, end) = (energy(run.angle[0], run.velocity[0]), energy(run.angle[1], run.velocity[1]));
        assert!((end - start).abs() < 1e-9 * start, "{set:?}: {start} {end}");
        assert!(run.outcome.members[0].newton_iterations > 0);
    }
}

/// Twelve discs in a row on springs whose stiffness differs between members.
fn ensemble(stiffness: &[f64]) -> Assembly {
    let discs = 12;
    let table: Vec<f64> = stiffness.iter().flat_map(|&k| vec![k; discs - 1]).collect();
    let mut start = vec![0.0; 2 * discs];
    start[0] = 1.0;
    Assembly {
        member_count: stiffness.len(),
        initial_velocity: start.into(),
        springs: Springs {
            index_a: (0..discs - 1).map(|disc| 2 * disc).collect(),
            index_b: (1..discs).map(|disc| 2 * disc).collect(),
            stiffness: Coefficients::new(table, discs - 1),
            damping: vec![0.0; discs - 1].into(),
            offset: vec![0.0; discs - 1].into(),
            ..Springs::default()
        },
        ..bodies(&vec![1.0; discs])
    }
}

#[test]
fn a_diverging_member_leaves_the_others_bit_equal() {
    let mut stiffness: Vec<f64> = (0..19).map(|member| 100.0 + f64::from(member)).collect();
    let sound = run(InstructionSet::detect(), &ensemble(&stiffness), &settings(Integrator::Rk4, 0.01, 600));
    stiffness[5] = 1e9;
    let mut with_threads = settings(Integrator::Rk4, 0.01, 600);
    with_threads.thread_count = 3;
    let mixed = run(InstructionSet::detect(), &ensemble(&stiffness), &with_threads);
    for member in 0..19 {
        let range = member * 24..(member + 1) * 24;
        if member == 5 {
            assert_eq!(mixed.outcome.members[5].status, Status::Diverged);
            assert!(mixed.angle[range].iter().skip(1).step_by(2).all(|angle| angle.is_nan()));
        } else {
            assert_eq!(mixed.outcome.members[member].status, Status::Ok);
            assert_eq!(mixed.angle[range.clone()], sound.angle[range]);
        }
    }
}

#[test]
fn an_answer_of_the_caller_stops_the_run() {
    let assembly = oscillator();
    let mut buffers = [(); 4].map(|()| [0.0; 2]);
    let [angle, displacement, angular_velocity, velocity] = buffers.each_mut().map(|buffer| &mut buffer[..]);
    let history = History { angle, displacement, angular_velocity, velocity, reaction: None };
    let endless = settings(Integrator::Euler, 1e-9, usize::MAX / 2);
    assert!(simulate_on(InstructionSet::detect(), &assembly, &endless, history, &|| true).is_err());
}
