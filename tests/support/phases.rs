//! The table of phases, read from where it stands: `src/session/phase.rs`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

const COUNT: usize = 12;

/// For each phase its name and those that it leads to.
fn table() -> &'static [(&'static str, Vec<&'static str>); COUNT] {
    static TABLE: OnceLock<[(&str, Vec<&str>); COUNT]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let source = include_str!("../../src/session/phase.rs");
        let (_, source) = source.split_once("enum Phase {").unwrap();
        let (source, _) = source.split_once("\n}").unwrap();
        let phases: Vec<_> = source.split("/// Leads to ").skip(1).map(phase).collect();
        phases.try_into().unwrap()
    })
}

/// `A, B.` and the variant that this stands over.
fn phase(text: &'static str) -> (&'static str, Vec<&'static str>) {
    let (targets, variant) = text.split_once('.').unwrap();
    let names = targets
        .split(',')
        .map(|name| name.trim_matches([' ', '\n', '/']));
    let name = variant
        .trim_start()
        .split(|letter: char| !letter.is_alphabetic());
    let targets = names.filter(|name| *name != "nothing").collect();
    (name.into_iter().next().unwrap(), targets)
}

fn index(name: &str) -> usize {
    table()
        .iter()
        .position(|(phase, _)| *phase == name)
        .unwrap()
}

static SEEN: [[AtomicBool; COUNT]; COUNT] =
    [const { [const { AtomicBool::new(false) }; COUNT] }; COUNT];

/// Whether the table has the transition. Staying in a phase is none.
pub(crate) fn may_lead(from: &str, to: &str) -> bool {
    from == to || {
        SEEN[index(from)][index(to)].store(true, Ordering::Relaxed);
        table()[index(from)].1.contains(&to)
    }
}

pub(crate) fn was_seen(from: &str, to: &str) -> bool {
    SEEN[index(from)][index(to)].load(Ordering::Relaxed)
}

/// What random worlds hardly ever do: a script in `tests/session` does it.
const SCRIPTED: [(&str, &str); 4] = [
    ("Condemned", "Ending"),
    ("Locking", "Condemned"),
    ("Locking", "Waiting"),
    ("Releasing", "Ending"),
];

/// How many transitions the table has, and those that were not seen here.
#[allow(dead_code, reason = "only the simulation reaches all the others")]
pub(crate) fn unseen() -> (usize, Vec<String>) {
    let of = |(from, to): &'static (&str, Vec<&str>)| to.iter().map(move |to| (*from, *to));
    let all: Vec<_> = table().iter().flat_map(of).collect();
    let unseen = all.iter().filter(|(from, to)| !was_seen(from, to));
    let unseen = unseen.filter(|transition| !SCRIPTED.contains(transition));
    let unseen = unseen.map(|(from, to)| format!("{from} to {to}")).collect();
    (all.len(), unseen)
}
