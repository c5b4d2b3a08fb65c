//! How holders begin: by a login, from what is stored, or with tokens from elsewhere.

use std::rc::Rc;

use meshydb_client::event::{Input, Opening};
use meshydb_client::session::Session;

use crate::holder::{Holder, Want};
use crate::plan::{Model, Start};
use crate::server::Token;
use crate::trace::mark;
use crate::world::{Event, World};

impl World {
    pub(crate) fn begin(&mut self) {
        for index in 0..self.plan.holders.len() {
            let account = self.plan.holders[index];
            let is_first = self.plan.holders[..index]
                .iter()
                .all(|other| *other != account);
            let start = if is_first {
                Start::Login
            } else {
                Start::Restore
            };
            self.time = if is_first { 0 } else { 4_000 };
            self.open(account, start);
            self.drain();
        }
        self.time = self.time.max(4_500);
        for _ in 0..self.plan.granted_elsewhere() {
            self.server.grant(0, self.time);
        }
        for (index, action) in self.plan.clone().actions.iter().enumerate() {
            self.later(action.at - self.time, Event::Act(index));
        }
    }

    pub(crate) fn open(&mut self, account: usize, start: Start) {
        let start = if self.plan.model == Model::Service {
            Start::RestoreOrLogin
        } else {
            start
        };
        let index = self.holders.len();
        let stored = self.places[account]
            .live()
            .and_then(|record| record.refresh_token.clone());
        let mut family = None;
        let opening = match start {
            Start::Adopt => {
                family = Some(self.server.families.len());
                Opening::Adopt(self.server.grant(account, self.time))
            }
            Start::AdoptOwn(back) => match stored {
                None => return,
                Some(token) => {
                    let token = Token::of_refresh(&token);
                    family = Some(token.family);
                    let index = token.index.saturating_sub(back);
                    Opening::Adopt(self.server.kept(token.family, index))
                }
            },
            Start::AdoptNext => {
                let token = stored.map(|token| Token::of_refresh(&token));
                let token = token.filter(|_| self.is_spendable());
                let Some(token) = token.filter(|token| self.server.accepts(*token, self.time))
                else {
                    return;
                };
                let Some(next) = self.server.refresh(token, self.time) else {
                    return;
                };
                self.server.families[token.family].issues[token.index].elsewhere = true;
                family = Some(token.family);
                Opening::Adopt(next)
            }
            Start::Login => Opening::Login,
            Start::Restore => Opening::Restore,
            Start::RestoreOrLogin => Opening::RestoreOrLogin,
            Start::Own(back) => match stored {
                None => return,
                Some(token) => {
                    let token = Token::of_refresh(&token);
                    family = Some(token.family);
                    Opening::Resume(
                        Token {
                            index: token.index.saturating_sub(back),
                            ..token
                        }
                        .refresh(),
                    )
                }
            },
            Start::Foreign(which) => {
                let first = self.server.families.iter().position(|family| {
                    family.issues.first().is_some_and(|issue| issue.at >= 4_000)
                });
                match first {
                    Some(first) if account == 0 => {
                        family = Some(first + which);
                        let family = first + which;
                        Opening::Resume(Token { family, index: 0 }.refresh())
                    }
                    _ => return,
                }
            }
        };
        let skews = &self.plan.skews;
        let offset = skews[index % skews.len()];
        self.holders.push(Holder {
            mark: mark(index),
            account,
            session: Session::new(self.config.clone(), format!("h{index}.")),
            alive: true,
            frozen: false,
            offset,
            stopped: 0,
            deferred: Vec::new(),
            expected: Rc::default(),
            storing: None,
            is_reading: false,
            locking: None,
            sending: None,
            alarm: None,
            callers: Vec::new(),
            family,
            joins: matches!(start, Start::RestoreOrLogin),
            has_signed_out: false,
            has_sent_grant: false,
            takes_place_of: None,
            thawed_at: -1,
            died_at: None,
            has_left: false,
            unwritable_since: None,
            unreadable_since: None,
            jumped_at: -1,
            online_at: -1,
            frozen_at: 0,
            revoking: Vec::new(),
            ops: 0,
        });
        let want = Want {
            is_opening: true,
            ..Want::default()
        };
        let caller = self.caller(index, want);
        self.feed(index, Input::Open { caller, opening });
    }
}
