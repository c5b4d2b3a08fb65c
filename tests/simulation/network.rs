//! The way to the server and back, and what goes wrong on it.

use meshydb_client::oauth::no_answer;
use meshydb_client::token::RefreshToken;

use crate::plan::{Fate, Model, Turn};
use crate::server::{Token, refusal, troubled};
use crate::trace::name;
use crate::world::{Event, World};

impl World {
    /// Sends that refresh token, or the grant that opens a session.
    pub(crate) fn send(&mut self, holder: usize, op: u32, token: Option<Token>) {
        if self.holders[holder].sending.replace(op).is_some() {
            self.fail(|| "two requests at once".into());
        }
        if let Some(token) = token.or_else(|| self.renewed_by_grant(holder)) {
            self.presented(holder, op, token);
        }
        if token.is_none() {
            self.check_grant(holder);
        }
        let way = self.way(self.plan.network);
        self.later(way, Event::Arrive(holder, op, token));
        self.later(self.plan.timeout, Event::SendLate(holder, op));
    }

    /// A grant spends nothing: nobody repeats it for no caller.
    fn check_grant(&mut self, holder: usize) {
        let state = &mut self.holders[holder];
        let was_sent = std::mem::replace(&mut state.has_sent_grant, true);
        let is_for_nobody = state.session.held().is_none() && state.waiting().next().is_none();
        if was_sent && is_for_nobody {
            self.fail(|| format!("h{holder} sends a grant again for nobody"));
        }
    }

    /// The token in the place of which a grant that is sent again puts another.
    fn renewed_by_grant(&self, holder: usize) -> Option<Token> {
        let held = self.holders[holder].session.held();
        let held = held.filter(|_| self.plan.model == Model::Service);
        held.map(|record| Token::of(&record.access_token))
    }

    pub(crate) fn arrive(&mut self, holder: usize, op: u32, token: Option<Token>) {
        let is_first = token.is_none() && self.time < 4_000;
        let fate = if is_first {
            Fate::Fine
        } else {
            self.fate(Turn::Send)
        };
        let fate = if self.plan.cut_off == Some(holder) && !is_first && !self.healed {
            Fate::Silent { acted: false }
        } else {
            fate
        };
        match fate {
            Fate::Late(by) => self.later(by, Event::Serve(holder, op, token)),
            fate => self.serve(holder, op, token, fate),
        }
    }

    pub(crate) fn serve(&mut self, holder: usize, op: u32, token: Option<Token>, fate: Fate) {
        let way = self.way(self.plan.network);
        let acts = !matches!(
            fate,
            Fate::Status(..)
                | Fate::Portal
                | Fate::Lost { acted: false }
                | Fate::Silent { acted: false }
        );
        let lags = token.is_some_and(|token| self.lags(token));
        let granted = acts.then(|| match token {
            Some(_) if lags => None,
            Some(token) => {
                self.check_refusal(holder, op, token);
                if fate == Fate::Twice {
                    self.was_sent_twice(holder, op);
                    if self.server.refresh(token, self.time).is_some() {
                        self.was_spent(holder, op);
                    }
                }
                self.server.refresh(token, self.time)
            }
            None => Some(self.server.grant(self.holders[holder].account, self.time)),
        });
        let joins = self.holders[holder].joins;
        if let (None, Some(Some(_)), false) = (token, &granted, joins) {
            self.holders[holder].family = Some(self.server.families.len() - 1);
        }
        if granted.as_ref().is_some_and(Option::is_some) {
            self.was_spent(holder, op);
        }
        self.say(|| {
            format!(
                "server: {token:?} of {} {}",
                name(holder),
                match &granted {
                    None => format!("{fate:?}"),
                    Some(None) => "refused".into(),
                    Some(Some(_)) => format!("granted, {fate:?}"),
                }
            )
        });
        let answer = match granted {
            Some(tokens) => tokens.ok_or_else(|| refusal(token)),
            None => Err(troubled(fate).unwrap_or_else(|| no_answer(false))),
        };
        let (way, answer) = match fate {
            Fate::Silent { .. } => return,
            Fate::Lost { .. } => (way, Err(no_answer(false))),
            Fate::Cut => (
                way,
                answer.and_then(|_| Err(troubled(Fate::Portal).unwrap())),
            ),
            Fate::Gateway(_) => (way, answer.and_then(|_| Err(troubled(fate).unwrap()))),
            Fate::Slow(late) => (late, answer),
            _ => (way, answer),
        };
        self.later(way, Event::Answer(holder, op, answer));
    }

    /// Whether a part of the server that does not know the token yet is asked.
    fn lags(&mut self, token: Token) -> bool {
        let issued = self.server.families[token.family].issues[token.index].at;
        let is_young = token.index > 0 && self.time < issued + self.plan.lag;
        is_young && !self.healed && self.chance(3) > 0
    }

    pub(crate) fn send_revocation(&mut self, holder: usize, op: u32, token: &RefreshToken) {
        let token = Token::parse(token.reveal()).unwrap();
        self.check_revocation(holder, token);
        self.holders[holder].revoking.push(op);
        let way = self.way(self.plan.network);
        self.later(way, Event::Revoke(holder, op, token));
        self.later(self.plan.timeout, Event::Revoked(holder, op));
    }

    pub(crate) fn revoke(&mut self, holder: usize, op: u32, token: Token) {
        let fate = self.fate(Turn::Revocation);
        if !matches!(fate, Fate::Silent { acted: false }) {
            self.server.revoke(token.family);
        }
        if !matches!(fate, Fate::Silent { .. }) {
            let way = self.way(self.plan.network);
            self.later(way, Event::Revoked(holder, op));
        }
    }
}
