//! Runs worlds, and makes of one that fails the smallest that still does.

use std::process::exit;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::corpus;
use crate::phases;
use crate::plan::Plan;
use crate::search;
use crate::world::World;

const THREADS: u64 = 2;

pub(crate) fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)?.parse::<u64>().ok()
    };
    if args.iter().any(|arg| arg == "--exhaustive") {
        return search::main();
    }
    let corpus = args.iter().position(|arg| arg == "--corpus");
    if let Some(at) = corpus {
        kept(&args[at + 1]);
    }
    match (number("--seeds"), number("--seed")) {
        (None, Some(seed)) => replay(seed),
        (None, None) if corpus.is_some() => {}
        (seeds, first) => {
            let usual = std::env::var("SEEDS").map_or(20_000, |seeds| seeds.parse().unwrap());
            seeds_from(first.unwrap_or(0), seeds.unwrap_or(usual));
        }
    }
    if args.iter().any(|arg| arg == "--phases") {
        compare_phases();
    }
}

/// The table of phases says no more than what sessions have done here.
fn compare_phases() {
    let (count, unseen) = phases::unseen();
    if !unseen.is_empty() {
        println!("violation: no world went from {}", unseen.join(", from "));
        exit(1);
    }
    println!("phases: {count} transitions, those of the table");
}

fn run(plan: Plan, traced: bool) -> World {
    let mut world = World::new(Rc::new(plan), traced);
    world.finish();
    world
}

fn violation(plan: Plan) -> Option<String> {
    run(plan, false).violation
}

/// Plays what the fuzzer has kept, one input with its trace.
fn kept(path: &str) {
    let inputs = corpus::inputs(path);
    for (index, input) in inputs.iter().enumerate() {
        let world = run(Plan::drawn(input), inputs.len() == 1);
        if inputs.len() == 1 {
            print(&world);
            println!("{:?}", world.plan);
        }
        if let Some(violation) = world.violation {
            println!("violation: {path}, line {}: {violation}", index + 1);
            println!("that line alone in a file shows its trace: npm run sim -- --corpus FILE");
            exit(1);
        }
    }
    println!("simulation: {} inputs, no violation", inputs.len());
}

fn replay(seed: u64) {
    let world = run(Plan::random(seed), true);
    print(&world);
    println!("{:?}", world.plan);
    println!("{}", world.violation.as_deref().unwrap_or("no violation"));
}

pub(crate) fn print(world: &World) {
    for line in world.trace.iter().flatten() {
        println!("{line}");
    }
}

fn seeds_from(first: u64, seeds: u64) {
    let start = Instant::now();
    let (next, steps, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let broken = AtomicU64::new(u64::MAX);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (next, steps, failed, broken) = (&next, &steps, &failed, &broken);
            scope.spawn(move || {
                while !failed.load(Ordering::Relaxed) {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= seeds {
                        break;
                    }
                    let world = run(Plan::random(first + index), false);
                    steps.fetch_add(world.steps, Ordering::Relaxed);
                    if world.violation.is_some() {
                        broken.fetch_min(first + index, Ordering::Relaxed);
                        failed.store(true, Ordering::Relaxed);
                    }
                    if thread == 0 && index.is_multiple_of(50_000) && index > 0 {
                        println!(
                            "  {index} seeds, {:.0} a second",
                            index as f64 / start.elapsed().as_secs_f64()
                        );
                    }
                }
            });
        }
    });
    let broken = broken.load(Ordering::Relaxed);
    if broken != u64::MAX {
        explain(broken);
        exit(1);
    }
    println!(
        "simulation: {seeds} seeds, {} steps, no violation, {:.1} s",
        steps.load(Ordering::Relaxed),
        start.elapsed().as_secs_f64()
    );
}

fn explain(seed: u64) {
    let plan = shrink(Plan::random(seed));
    let world = run(plan, true);
    print(&world);
    println!("{:?}", world.plan);
    println!(
        "violation: seed {seed}: {}",
        world.violation.as_deref().unwrap_or_default()
    );
    println!("the whole world: npm run sim -- --seed {seed}");
}

/// What is wrong, whoever it happened to.
fn kind(violation: &str) -> String {
    violation
        .chars()
        .filter(|letter| !letter.is_ascii_digit())
        .collect()
}

/// Leaves out whatever the failure does not need.
fn shrink(plan: Plan) -> Plan {
    let kind = violation(plan.clone()).map(|text| kind(&text));
    let mut smallest = plan;
    loop {
        let smaller = candidates(&smallest);
        match smaller
            .into_iter()
            .find(|plan| violation(plan.clone()).map(|text| self::kind(&text)) == kind)
        {
            Some(plan) => smallest = plan,
            None => return smallest,
        }
    }
}

fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    let mut with = |change: &dyn Fn(&mut Plan)| {
        let mut candidate = plan.clone();
        change(&mut candidate);
        if candidate != *plan {
            smaller.push(candidate);
        }
    };
    for index in 0..plan.actions.len() {
        with(&|plan| _ = plan.actions.remove(index));
    }
    for index in 0..plan.faults.len() {
        with(&|plan| _ = plan.faults.remove(index));
    }
    with(&|plan| plan.outage = None);
    with(&|plan| plan.pause = None);
    with(&|plan| _ = plan.holders.pop());
    with(&|plan| plan.skews = vec![0]);
    with(&|plan| plan.store = 0);
    with(&|plan| plan.lost_hints = 100);
    with(&|plan| plan.network = 5);
    with(&|plan| plan.late_hints = 0);
    smaller.retain(|plan| !plan.holders.is_empty());
    smaller
}
