//! Tokens and how long they live.
//!
//! Owns the two kinds of token (secrets, whose `Debug` prints `[redacted]`), the token set
//! of a successful answer and the rule for when an access token is stale. Knows nothing of
//! where tokens come from or where they are kept. RFC 6749 section 5.1 and appendix A.

use std::fmt;

/// Lifetime assumed where the server did not say, in milliseconds.
pub const UNKNOWN_LIFETIME: i64 = 300_000;
/// How far the clocks of two machines that share a store may be apart, in milliseconds.
pub const SKEW: i64 = 60_000;
/// The longest margin, and the longest time for which a refresh because of a 401 counts.
pub(crate) const FIVE_MINUTES: i64 = 300_000;
/// The longest lifetime believed, in milliseconds: one year.
pub const LONGEST_LIFETIME: i64 = 365 * 24 * 3_600_000;

/// Both clocks, read at the same moment, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Now {
    /// Since the epoch, by a clock that can be set.
    pub wall: i64,
    /// By a clock that only goes forward.
    pub monotonic: i64,
}

impl Now {
    /// Milliseconds since `earlier` by the clock that counts more; for ever, if the wall clock was set back.
    pub fn since(self, earlier: Self) -> i64 {
        let wall = self.wall - earlier.wall;
        if wall < 0 {
            return i64::MAX;
        }
        wall.max(self.monotonic - earlier.monotonic)
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Secret(String);

impl Secret {
    /// Visible ASCII: what a header can carry as it is.
    fn parse(text: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_graphic();
        (!text.is_empty() && text.bytes().all(is_allowed)).then(|| Self(text.into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// An access token: visible ASCII, more than RFC 6750 section 2.1 allows, and what servers issue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessToken(Secret);

impl AccessToken {
    /// The token, unless a character of `text` can be in none.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::parse(text).map(Self)
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0.0
    }
}

/// A refresh token: visible ASCII (RFC 6749 appendix A.17).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefreshToken(Secret);

impl RefreshToken {
    /// The token, unless a character of `text` can be in none.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::parse(text).map(Self)
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0.0
    }

    /// Recognises the token and cannot lead back to it.
    pub fn fingerprint(&self) -> i64 {
        fingerprint(self.reveal())
    }
}

/// 52 bits of a hash: a whole number that JSON can hold.
pub fn fingerprint(text: &str) -> i64 {
    (hash(text) >> 12).cast_signed()
}

/// FNV-1a.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// What a successful token answer grants (RFC 6749 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TokenSet {
    /// `access_token`.
    pub access_token: AccessToken,
    /// `refresh_token`, where one was issued.
    pub refresh_token: Option<RefreshToken>,
    /// `expires_in`, in milliseconds, where the server said so.
    pub lifetime: Option<i64>,
    /// `scope`, where it differs from the one asked for.
    pub scope: Option<String>,
}

/// When an access token was received and until when it may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Validity {
    /// Epoch milliseconds.
    pub received_at: i64,
    /// Epoch milliseconds.
    pub expires_at: i64,
    /// The same moment by this process's monotonic clock.
    pub expires_monotonic: i64,
}

impl Validity {
    /// Of a token that was received at `now`.
    pub fn received(now: Now, lifetime: Option<i64>) -> Self {
        let lifetime = lifetime.unwrap_or(UNKNOWN_LIFETIME);
        Self {
            received_at: now.wall,
            expires_at: now.wall + lifetime,
            expires_monotonic: now.monotonic + lifetime,
        }
    }

    /// Of a token that another holder received, seen at `now`.
    pub fn seen(now: Now, received_at: i64, expires_at: i64) -> Self {
        Self {
            received_at,
            expires_at,
            expires_monotonic: now.monotonic + (expires_at - now.wall.max(received_at)),
        }
    }

    /// Milliseconds before its expiry from which the next token is fetched while this one is used: a tenth of its life,
    /// at most five minutes.
    pub fn margin(&self) -> i64 {
        (self.lifetime() / 10).min(FIVE_MINUTES)
    }

    /// How long the token lives, in milliseconds.
    pub fn lifetime(&self) -> i64 {
        self.expires_at - self.received_at
    }

    /// Milliseconds since it was received, by the monotonic clock.
    pub fn age(&self, now: Now) -> i64 {
        now.monotonic - (self.expires_monotonic - self.lifetime())
    }

    /// The earliest moment, by the wall clock, at which this can be used.
    pub fn not_before(&self) -> i64 {
        self.received_at - SKEW
    }

    /// Whether the token lives for another `margin` milliseconds by both clocks. A token
    /// from the future is stale: the wall clock was set back.
    pub fn covers(&self, now: Now, margin: i64) -> bool {
        now.wall >= self.not_before()
            && now.wall + margin < self.expires_at
            && now.monotonic + margin < self.expires_monotonic
    }
}
