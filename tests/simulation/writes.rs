//! What must hold of what is stored.

use meshydb_client::error::Reason;
use meshydb_client::record::{Entry, Record, Stored};

use crate::server::Token;
use crate::world::World;

impl World {
    /// What is gone stays gone, nothing goes back, and nobody says of a claim what is not so.
    pub(crate) fn check_written(&mut self, holder: usize, account: usize, before: &Entry) {
        let place = &mut self.places[account];
        let entry = place.entry.clone();
        if before.stored == Stored::Newer {
            self.fail(|| format!("h{holder} writes over a later version's record"));
        }
        match &entry.stored {
            Stored::Live(record) => {
                self.was_stored(holder, record);
                self.check_record(holder, account, record, before);
            }
            Stored::Ended { sid, .. }
                if before.stored.sid() != Some(sid)
                    && self.holders[holder].replaced() != Some(before.stored.sid()) =>
            {
                self.fail(|| format!("h{holder} ends a session that is not its own"));
            }
            Stored::Ended { sid, reason, .. } if *reason != Reason::SignedOut => {
                self.check_end(sid);
                self.check_sentence(holder, sid, *reason, before);
            }
            Stored::Empty if !matches!(before.stored, Stored::Empty | Stored::Corrupt) => {
                self.fail(|| format!("h{holder} removes what is stored"));
            }
            _ => {}
        }
        let place = &self.places[account];
        let state = &self.holders[holder];
        let claim = entry.attempt.claim.as_ref();
        let claim = claim.filter(|claim| claim.holder == state.mark);
        let is_false = claim.is_some_and(|claim| claim.locked != (place.owner == Some(holder)));
        if is_false && state.alive && !state.has_signed_out && state.unwritable_since.is_none() {
            self.fail(|| format!("h{holder} is wrong about the lock in its claim"));
        }
    }

    /// Notes that the tokens of an answer are stored.
    fn was_stored(&mut self, holder: usize, record: &Record) {
        let token = Token::of(&record.access_token);
        for sent in &mut self.presentations {
            let Token { family, index } = sent.token;
            let is_next = family == token.family && index < token.index;
            if sent.holder == holder && sent.answered == Some(true) && is_next {
                sent.stored_at.get_or_insert(self.time);
            }
        }
    }

    fn check_record(&mut self, holder: usize, account: usize, record: &Record, before: &Entry) {
        let has_failed = self.holders[holder].unwritable_since.is_some();
        let place = &mut self.places[account];
        let sid = &record.sid;
        // Who was told that its write had failed cannot know that it was stored before all was cleared.
        let is_unknown = has_failed && place.cleared_at.is_some();
        if place.gone.contains(sid) && !is_unknown {
            return self.fail(|| format!("h{holder} brings {sid} back"));
        }
        let family = Token::of(&record.access_token).family;
        match place.families.iter().find(|(other, _)| other == sid) {
            None => place.families.push((sid.clone(), family)),
            Some((_, known)) if *known != family => {
                return self.fail(|| format!("{sid} is given the tokens of family {family}"));
            }
            Some(_) => {}
        }
        let is_same = before.stored.sid() == Some(sid);
        let steps = record.generation - before.stored.generation();
        if steps < i64::from(!is_same) {
            self.fail(|| format!("h{holder} goes back by {} generations", -steps));
        }
        if let Stored::Live(other) = &before.stored
            && is_same
            && steps == 0
            && other.refresh_token != record.refresh_token
        {
            self.fail(|| format!("h{holder} writes over a record of the same generation"));
        }
    }
}
