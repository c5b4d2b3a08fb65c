//! The authorization server: users' families of tokens and what it does with one that was used.

use meshydb_client::error::Error;
use meshydb_client::oauth::{Answer, Member, token_response};
use meshydb_client::token::{AccessToken, RefreshToken, TokenSet};

use crate::plan::{Fate, Model};

/// A refresh token or an access token by its place: no text needed to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Token {
    pub(crate) family: usize,
    pub(crate) index: usize,
}

impl Token {
    /// Reads `secretR1x2`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (family, index) = text.strip_prefix("secret")?.get(1..)?.split_once('x')?;
        Some(Self {
            family: family.parse().ok()?,
            index: index.parse().ok()?,
        })
    }

    pub(crate) fn of(access: &AccessToken) -> Self {
        Self::parse(access.reveal()).unwrap()
    }

    pub(crate) fn of_refresh(refresh: &RefreshToken) -> Self {
        Self::parse(refresh.reveal()).unwrap()
    }

    pub(crate) fn refresh(self) -> RefreshToken {
        RefreshToken::parse(&format!("secretR{}x{}", self.family, self.index)).unwrap()
    }

    fn access(self) -> AccessToken {
        AccessToken::parse(&format!("secretA{}x{}", self.family, self.index)).unwrap()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Issue {
    pub(crate) at: i64,
    /// When the refresh token of this issue was used.
    pub(crate) spent: Option<i64>,
    /// Whether somebody else has used it, who is no holder.
    pub(crate) elsewhere: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Family {
    pub(crate) account: usize,
    pub(crate) alive: bool,
    /// By a revocation, not by reuse.
    pub(crate) revoked: bool,
    pub(crate) issues: Vec<Issue>,
    /// Refresh requests that it answered.
    pub(crate) requests: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    pub(crate) model: Model,
    pub(crate) lifetime: Option<i64>,
    /// Whether every access token of a family has the same text.
    pub(crate) is_constant: bool,
    pub(crate) families: Vec<Family>,
}

impl Server {
    pub(crate) fn grant(&mut self, account: usize, time: i64) -> TokenSet {
        let mut services = self.families.iter();
        if self.model == Model::Service
            && let Some(family) = services.position(|family| family.account == account)
        {
            return self.issue(family, time);
        }
        self.families.push(Family {
            account,
            alive: true,
            revoked: false,
            issues: Vec::new(),
            requests: 0,
        });
        self.issue(self.families.len() - 1, time)
    }

    fn issue(&mut self, family: usize, time: i64) -> TokenSet {
        self.families[family].issues.push(Issue {
            at: time,
            spent: None,
            elsewhere: false,
        });
        self.current(family, time)
    }

    fn current(&self, family: usize, time: i64) -> TokenSet {
        let newest = self.newest(family);
        let age = time - self.families[family].issues[newest].at;
        let refresh_token = match self.model {
            Model::Fixed { returned: false } if newest > 0 => None,
            Model::Fixed { .. } => Some(Token { family, index: 0 }),
            Model::Bare | Model::Service => None,
            Model::Strict | Model::Grace(_) | Model::Lenient => Some(Token {
                family,
                index: newest,
            }),
        };
        TokenSet {
            access_token: Token {
                family,
                index: if self.is_constant { 0 } else { newest },
            }
            .access(),
            refresh_token: refresh_token.map(Token::refresh),
            lifetime: self.lifetime.map(|lifetime| (lifetime - age).max(0)),
            scope: None,
        }
    }

    pub(crate) fn newest(&self, family: usize) -> usize {
        self.families[family].issues.len() - 1
    }

    /// Whether the refresh token would be granted now.
    pub(crate) fn accepts(&self, token: Token, time: i64) -> bool {
        let family = &self.families[token.family];
        family.alive
            && match self.model {
                Model::Fixed { .. } | Model::Bare | Model::Service => true,
                Model::Strict | Model::Lenient => token.index == self.newest(token.family),
                Model::Grace(_) => {
                    token.index == self.newest(token.family) || self.has_grace(token, time)
                }
            }
    }

    fn has_grace(&self, token: Token, time: i64) -> bool {
        let Model::Grace(within) = self.model else {
            return false;
        };
        let spent = self.families[token.family].issues[token.index].spent;
        token.index + 1 == self.newest(token.family)
            && spent.is_some_and(|spent| time - spent <= within)
    }

    /// The next tokens, or none if the server refuses.
    pub(crate) fn refresh(&mut self, token: Token, time: i64) -> Option<TokenSet> {
        let newest = self.newest(token.family);
        self.families[token.family].requests += 1;
        if !self.accepts(token, time) {
            if self.model != Model::Lenient {
                self.families[token.family].alive = false;
            }
            return None;
        }
        if self.has_grace(token, time) && token.index != newest {
            return Some(self.current(token.family, time));
        }
        self.families[token.family].issues[token.index].spent = Some(time);
        Some(self.issue(token.family, time))
    }

    /// The set of the numbered issue, as whoever has kept it has it.
    pub(crate) fn kept(&self, family: usize, index: usize) -> TokenSet {
        let token = Token { family, index };
        TokenSet {
            access_token: token.access(),
            refresh_token: Some(token.refresh()),
            lifetime: self.lifetime,
            scope: None,
        }
    }

    /// Whether somebody who is no holder has used it, or one that came after it.
    pub(crate) fn is_used_elsewhere(&self, token: Token) -> bool {
        let issues = &self.families[token.family].issues[token.index..];
        issues.iter().any(|issue| issue.elsewhere)
    }

    pub(crate) fn revoke(&mut self, family: usize) {
        self.families[family].alive = false;
        self.families[family].revoked = true;
    }
}

/// What somebody answers who does not look at the token, if anybody does.
pub(crate) fn troubled(fate: Fate) -> Option<Error> {
    let (status, retry_after) = match fate {
        Fate::Status(status, retry_after) => (status, retry_after),
        Fate::Gateway(status) => (status, None),
        Fate::Portal => (200, None),
        _ => return None,
    };
    Some(judged(status, retry_after, Member::Missing))
}

/// With one of the statuses that servers give it.
pub(crate) fn refusal(token: Option<Token>) -> Error {
    let status = [400, 401, 403][token.map_or(0, |token| token.index % 3)];
    judged(status, None, Member::Text("invalid_grant".into()))
}

fn judged(status: u16, retry_after: Option<u16>, error: Member) -> Error {
    let mut members = <[Member; 6]>::default();
    members[5] = error;
    let answer = Answer {
        status,
        retry_after: retry_after.map(f64::from),
        members,
    };
    token_response(&answer).unwrap_err()
}
