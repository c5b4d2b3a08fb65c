//! Every interleaving of one rotation: which pending operation ends next, and what goes wrong at it.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::exit;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Instant;

use crate::plan::{Act, Action, Fate, Locks, Model, Plan};
use crate::run::print;
use crate::world::{Event, World};

const CALLED_AT: i64 = 70_000;
const FROZEN_FOR: i64 = 15_000;

#[derive(Clone, Copy, Debug)]
enum Choice {
    /// This operation ends, with a fate and the output before which its holder dies.
    End(usize, Fate, usize),
    /// The time of the next alarm or deadline comes though operations are pending.
    Delay,
    Freeze(usize),
}

pub(crate) fn main() {
    let mut worlds = Vec::new();
    let sizes = std::env::args()
        .skip_while(|arg| arg != "--exhaustive")
        .skip(1);
    let sizes: Vec<u32> = sizes.map_while(|size| size.parse().ok()).collect();
    let sizes = match sizes[..] {
        [holders, faults] => vec![(holders as usize, faults)],
        _ => vec![(3, 1), (2, 2)],
    };
    for (holders, faults) in sizes {
        for model in [Model::Strict, Model::Grace(60_000)] {
            for locks in [Locks::Fair, Locks::Missing] {
                worlds.push((holders, faults, model, locks));
            }
        }
    }
    let queue = Mutex::new(worlds);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((holders, faults, model, locks)) = { queue.lock().unwrap().pop() } {
                    let start = Instant::now();
                    let states = search(holders, faults, model, locks);
                    let seconds = start.elapsed().as_secs_f64();
                    println!(
                        "exhaustive: {holders} holders, {faults} faults, {model:?}, locks {locks:?}: {states} states, no violation, {seconds:.1} s"
                    );
                }
            });
        }
    });
}

fn world(holders: usize, model: Model, locks: Locks, traced: bool) -> World {
    let call = Act::Call {
        min_validity: 0,
        rejected: false,
    };
    let plan = Plan {
        seed: 64,
        holders: vec![0; holders],
        skews: vec![0],
        model,
        lifetime: Some(60_000),
        timeout: 10_000,
        reuse_window: 5_000,
        locks,
        network: 0,
        store: 0,
        lost_hints: 100,
        late_hints: 0,
        actions: (0..holders)
            .map(|holder| Action {
                at: CALLED_AT,
                holder,
                act: call,
            })
            .collect(),
        faults: Vec::new(),
        outage: None,
        pause: None,
        denial: None,
        lag: 0,
        cut_off: None,
        exits: false,
        is_constant: false,
        is_crowded: false,
        must_live: false,
        must_be_one: false,
        must_open: false,
    };
    let mut world = World::new(Rc::new(plan), traced);
    world.chosen = Some((Fate::Fine, 0));
    world
}

fn search(holders: usize, faults: u32, model: Model, locks: Locks) -> usize {
    let mut seen = HashSet::new();
    let mut path: Vec<(World, u32, Vec<Choice>)> = Vec::new();
    let mut taken = Vec::new();
    let first = world(holders, model, locks, false);
    let choices = choices(&first, faults);
    path.push((first, faults, choices));
    while let Some((world, faults, open)) = path.last_mut() {
        let Some(choice) = open.pop() else {
            path.pop();
            taken.pop();
            continue;
        };
        let mut next = world.clone();
        let left = *faults - u32::from(!is_fine(choice));
        if !take(&mut next, choice) {
            continue;
        }
        let is_new = seen.insert((next.digest(), left));
        let is_last = next.queue.is_empty();
        if is_new && is_last {
            next.chosen = None;
            next.finish();
        }
        taken.push(choice);
        if next.violation.is_some() {
            explain(self::world(holders, model, locks, true), &taken);
        }
        if is_new && !is_last {
            let choices = self::choices(&next, left);
            path.push((next, left, choices));
        } else {
            taken.pop();
        }
    }
    seen.len()
}

impl World {
    /// The world, but for what a search does not tell apart.
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (
            self.time,
            &self.holders,
            &self.places,
            &self.server,
            &self.presentations,
        )
            .hash(&mut hasher);
        let queued = self.queue.iter().fold(0_u64, |sum, (at, _, event)| {
            let mut hasher = DefaultHasher::new();
            (at, event).hash(&mut hasher);
            sum.wrapping_add(hasher.finish())
        });
        queued.hash(&mut hasher);
        hasher.finish()
    }
}

fn choices(world: &World, faults: u32) -> Vec<Choice> {
    let next = world
        .queue
        .iter()
        .map(|(at, ..)| *at)
        .min()
        .unwrap_or_default();
    let time = world.time.max(next);
    let mut choices = Vec::new();
    let due = |index: &usize| world.queue[*index].0 <= time;
    let pending = (0..world.queue.len()).filter(due);
    let told = pending
        .clone()
        .find(|index| !is_shared(&world.queue[*index].2));
    let may_be_late = told.is_none();
    for index in told.map_or_else(|| pending.collect(), |told| vec![told]) {
        let event = &world.queue[index].2;
        choices.push(Choice::End(index, Fate::Fine, 0));
        if faults > 0 {
            let fates = fates(event);
            choices.extend(fates.iter().map(|fate| Choice::End(index, *fate, 0)));
            choices.extend((0..6).map(|output| Choice::End(index, Fate::Kill, output)));
        }
    }
    if faults > 0 {
        if may_be_late && world.queue.iter().any(|(at, ..)| *at > time) {
            choices.push(Choice::Delay);
        }
        let awake = |holder: &usize| world.holders[*holder].alive && !world.holders[*holder].frozen;
        choices.extend((0..world.holders.len()).filter(awake).map(Choice::Freeze));
    }
    choices
}

/// Whether others can see it happen. What a holder alone is told comes at once, unless it is frozen or there is a delay.
fn is_shared(event: &Event) -> bool {
    matches!(
        event,
        Event::Act(_) | Event::Read(..) | Event::Write(_) | Event::Arrive(..) | Event::Thaw(_)
    )
}

fn fates(event: &Event) -> &'static [Fate] {
    match event {
        Event::Arrive(..) => &[
            Fate::Lost { acted: false },
            Fate::Lost { acted: true },
            Fate::Silent { acted: true },
            Fate::Cut,
            Fate::Status(503, None),
            Fate::Gateway(502),
            Fate::Portal,
        ],
        Event::Write(..) => &[
            Fate::Refused { acted: false },
            Fate::Refused { acted: true },
        ],
        Event::Read(..) => &[Fate::Refused { acted: false }],
        _ => &[],
    }
}

/// Whether the choice was one: nobody dies before an output that there is not.
fn take(world: &mut World, choice: Choice) -> bool {
    world.is_calm &= is_fine(choice);
    match choice {
        Choice::End(index, fate, output) => {
            let alive = |world: &World| world.holders.iter().filter(|holder| holder.alive).count();
            let before = alive(world);
            world.chosen = Some((fate, output));
            world.step(index);
            world.chosen = Some((Fate::Fine, 0));
            fate != Fate::Kill || alive(world) < before
        }
        Choice::Delay => {
            let time = world.time;
            for holder in &mut world.holders {
                holder.thawed_at = holder.thawed_at.max(time);
            }
            let later = world
                .queue
                .iter()
                .map(|(at, ..)| *at)
                .filter(|at| *at > world.time);
            world.time = later.min().unwrap_or(world.time);
            true
        }
        Choice::Freeze(holder) => {
            world.say(|| format!("{} freezes", crate::trace::name(holder)));
            world.freeze(holder, FROZEN_FOR, true);
            true
        }
    }
}

fn is_fine(choice: Choice) -> bool {
    matches!(choice, Choice::End(_, Fate::Fine, _))
}

fn explain(mut world: World, taken: &[Choice]) {
    for choice in taken {
        take(&mut world, *choice);
    }
    if world.violation.is_none() {
        world.chosen = None;
        world.finish();
    }
    print(&world);
    println!(
        "{:?}",
        taken
            .iter()
            .filter(|choice| !is_fine(**choice))
            .collect::<Vec<_>>()
    );
    println!(
        "violation: {}",
        world.violation.as_deref().unwrap_or("not seen again")
    );
    exit(1);
}
