import { hardCases } from "./hard-cases.mjs";

const answers = "tests/wire/answers.test.mjs";
const calls = "tests/wire/calls.test.mjs";
const requests = "tests/wire/requests.test.mjs";
const silence = "tests/wire/silence.test.mjs";
const entry = "tests/client/entry.test.mjs";
const fetching = "tests/client/fetch.test.mjs";
const refresh = "tests/client/refresh.test.mjs";
const repeating = "tests/session/repeating.rs";
const platform = "tests/browser/platform.test.mjs";
const storage = "tests/browser/storage.test.mjs";

const request = [
  {
    id: "form",
    requirement:
      "Token requests are POSTs of a form in UTF-8; a parameter comes once, and one without a value not at all.",
    source: ["RFC 6749 section 3.2", "RFC 6749 appendix B"],
    tests: [
      [requests, "a login, to the byte"],
      [requests, "a refresh, to the byte"],
      [requests, "every character as the URL standard writes a form"],
      [requests, "any Unicode in user name and password, as a form"],
      [requests, "a given token endpoint: no scope and no revocation of its own accord"],
    ],
  },
  {
    id: "https",
    requirement:
      "Configured URLs are https, or http on this machine; without user, query or fragment, and as a parser writes them.",
    source: ["RFC 6749 section 3.2", "RFC 6750 section 5.3", "RFC 8252 section 7.3", "RFC 8252 section 8.3"],
    tests: [
      ["tests/client/urls.test.mjs", "… is https or on this machine, plain, and what a parser makes of it"],
      ["tests/client/urls.test.mjs", "of an allowed origin has no path"],
    ],
  },
  {
    id: "secrets",
    requirement: "Secrets travel in a body or in Authorization, never in a URL, an error or a storage key.",
    source: ["RFC 6750 section 2.3", "RFC 6750 section 5.3", "RFC 9700 section 4.2", "RFC 9700 section 4.3"],
    tests: [
      [requests, "no request carries a cookie, a credential, an origin or a referrer"],
      [calls, "carries the token in a header and nowhere else"],
      [storage, "no secret is in a storage key or a snapshot, and no password is in the storage"],
      ["tests/token.rs", "debug_prints_no_secret_wherever_a_token_is"],
      ["tests/client/callbacks.test.mjs", "that … is …, and shows nothing of it"],
    ],
  },
  {
    id: "fetch",
    requirement:
      "Token and revocation requests follow no redirect, use no cache, cookie or referrer, and have one deadline for headers and body.",
    source: ["Fetch standard"],
    tests: [
      [requests, "gets the URL and exactly this init"],
      [silence, "… is …, and the session goes on"],
      ["tests/client/callbacks.test.mjs", "that ignores its signal is given up after the timeout"],
    ],
  },
  {
    id: "redirects",
    requirement: "A redirect of the token or revocation endpoint is an error; nothing is sent to where it points.",
    source: ["RFC 9110 section 15.4"],
    tests: [
      [requests, "… is never followed"],
      [requests, "on the same server is not followed either"],
    ],
  },
  {
    id: "preflight",
    requirement:
      "The tenant header makes browsers ask first: README names all that a server has to allow, and that is enough.",
    source: ["Fetch standard", "RFC 7009 section 2.3"],
    tests: [
      [platform, "that allows the tenant, and Authorization at the API, is enough"],
      [platform, "that does not allow the tenant is network, and is sent nothing"],
      ["tests/server/authorization-server.test.mjs", "answers a preflight from any origin, whatever the path"],
    ],
  },
  {
    id: "header-values",
    requirement:
      "A tenant with a control character, a space at an end or anything beyond ASCII is refused before any request.",
    source: ["RFC 9110 section 5.5"],
    tests: [[entry, "… of initializeWithTenant"]],
  },
  {
    id: "account",
    requirement: "An account name is one segment of the path, and no name can leave it.",
    source: ["URL standard"],
    tests: [
      [requests, "any account name as one segment of the path, as it is"],
      [entry, "… of initializeWithTenant"],
    ],
  },
  {
    id: "password",
    requirement:
      "The password is dropped once it has been exchanged and is never sent again; tokens of a better grant can be adopted.",
    source: ["RFC 6749 section 4.3.1", "RFC 9700 section 2.4", "RFC 10017 section 7.3"],
    tests: [
      ["tests/security/heap.test.mjs", "a password is on the heap no more when its login has been answered"],
      [refresh, "is never sent a password twice"],
      ["tests/client/session.test.mjs", "goes on with tokens from anywhere, without a request"],
    ],
  },
  {
    id: "public-client",
    requirement: "The client is public: it sends its identifier and has no secret of its own.",
    source: ["RFC 10017 section 6.3.3.1"],
    tests: [
      [requests, "a login, to the byte"],
      [requests, "a refresh, to the byte"],
      [requests, "a revocation, to the byte"],
    ],
  },
];

const response = [
  {
    id: "success",
    requirement: "Only status 200 or 201 with application/json, whatever its parameters, is a token response.",
    source: ["RFC 6749 section 5.1", "RFC 9110 section 8.3.1"],
    tests: [
      ["tests/oauth.rs", "only_200_and_201_are_read"],
      ["tests/edge/mod.rs", "an_answer_that_is_no_token_response_is_refused"],
      [answers, "… is …, and the session goes on"],
    ],
  },
  {
    id: "body",
    requirement: "A body is read up to 64 KiB and no further, and must be UTF-8 throughout.",
    source: ["practice"],
    tests: [
      [silence, "of a body without end 64 KiB and one chunk are read, and the rest is cancelled"],
      [silence, "a body without end is given up after 64 KiB, and the connection closed"],
      [answers, "… is …, and the session goes on"],
    ],
  },
  {
    id: "token-syntax",
    requirement:
      "Tokens are strings of visible ASCII, an access token of those that Bearer allows; an answer with others changes nothing.",
    source: ["RFC 6749 appendix A.12", "RFC 6749 appendix A.17", "RFC 6750 section 2.1"],
    tests: [
      ["tests/token.rs", "a_token_is_visible_ascii"],
      ["tests/oauth.rs", "each_member_is_validated"],
      [answers, "… is …, and the session goes on"],
    ],
  },
  {
    id: "token-type",
    requirement: "The token type is required and is Bearer, in any case; a token of another type is not used.",
    source: ["RFC 6749 section 5.1", "RFC 6749 section 7.1"],
    tests: [
      ["tests/oauth.rs", "each_member_is_validated"],
      [answers, "… is …, and the session goes on"],
    ],
  },
  {
    id: "own-members",
    requirement: "Only an answer's own members count; those that nobody knows are ignored.",
    source: ["RFC 6749 section 5.1", "practice"],
    tests: [
      ["tests/edge/mod.rs", "only_own_members_of_tokens_count"],
      [answers, "with members that nobody knows"],
      [answers, "inherited members"],
    ],
  },
  {
    id: "lifetime",
    requirement:
      "The lifetime is a whole number or digits, at most a year; else it is unknown, and five minutes. No lifetime makes a loop, and no timer is too long for its platform.",
    source: ["RFC 6749 section 5.1", "HTML standard"],
    tests: [
      ["tests/oauth.rs", "expires_in_is_the_whole_seconds_of_a_number_clamped_to_a_year_or_unknown"],
      ["tests/token.rs", "a_lifetime_that_nobody_told_is_five_minutes"],
      [answers, "whose lifetime is … lives for … seconds"],
      [answers, "that is expired on arrival costs one request for each call"],
      ["tests/client/timers.test.mjs", "an hour, whatever the server says"],
      ["tests/client/timers.test.mjs", "a platform's can be, with the longest timeout and another who has the lock"],
    ],
  },
  {
    id: "rotation",
    requirement: "An answer without a refresh token keeps the old one; with one, the old one is not used again.",
    source: ["RFC 6749 section 6"],
    tests: [
      ["tests/record.rs", "a_response_without_a_refresh_token_keeps_the_old_one"],
      [answers, "without a refresh token keeps the one there is"],
      [
        "tests/client/session.test.mjs",
        "with an old token, rotated underneath, joins, and the old one is never sent again",
      ],
    ],
  },
  {
    id: "durable",
    requirement: "A new refresh token is stored before any caller sees the access token that came with it.",
    source: ["practice"],
    tests: [
      ["tests/client/store.test.mjs", "holds the new refresh token before any caller has the access token"],
      ["tests/session/calling.rs", "an_expired_token_is_read_again_sent_committed_and_only_then_settled"],
      ["tests/session/opening.rs", "a_login_commits_before_any_caller_is_settled"],
    ],
  },
  {
    id: "errors",
    requirement:
      "Only 400, 401 or 403 with invalid_grant for the token that is still stored ends a session; a token of less than a minute is asked for twice more before. Other OAuth errors are told and not repeated, a 4xx that explains nothing is told, 408, 425, 429 and 5xx may be tried again. The server's words are sanitised and cut, and dropped if a part of the secret is in them.",
    source: ["RFC 6749 section 5.2"],
    tests: [
      ["tests/oauth.rs", "each_status_and_body_has_one_meaning"],
      ["tests/oauth.rs", "only_400_401_and_403_with_invalid_grant_end_a_session"],
      [answers, "an error description is cut to 256 characters"],
      [answers, "… with a secret, … is …"],
      ["tests/session/failing.rs", "a_refused_refresh_token_ends_the_session_after_a_second_look"],
      [
        "tests/session/refused.rs",
        "a_server_that_refuses_a_young_token_is_asked_again_a_second_later_and_two_seconds_after_that",
      ],
      [answers, "… is asked for once, and the session goes on"],
      [answers, "invalid_grant for the refresh token ends the session"],
    ],
  },
];

const afterwards = [
  {
    id: "repeats",
    requirement:
      "A POST is not idempotent: only a refresh is repeated by itself, for a reason, with seven sends in all at most, and within the reuse window.",
    source: ["RFC 9110 section 9.2.2"],
    tests: [
      [refresh, "is never sent a password twice"],
      [refresh, "gets three sends of one call, and the next call is not lost"],
      [refresh, "each time is asked for seven times in all"],
      [repeating, "a_server_that_asks_for_a_pause_is_not_asked_again_by_itself"],
      [repeating, "after_the_reuse_window_a_lost_answer_is_not_asked_for_again"],
    ],
  },
  {
    id: "retry-after",
    requirement:
      "Retry-After is seconds or a date, at most an hour. Where it cannot be read the client rests all the same.",
    source: ["RFC 9110 section 10.2.3"],
    tests: [
      ["tests/oauth.rs", "rfc9110_10_2_3_retry_after_is_whole_seconds_up_to_an_hour_where_a_retry_makes_sense"],
      [refresh, "for longer than that is left alone by all who share the store, and each call says so at once"],
      [platform, "that hides its Retry-After is given a rest all the same"],
    ],
  },
  {
    id: "api-401",
    requirement:
      "A 401 of the API costs at most one refresh within half of a token's life, or within five minutes, for all who share the session, and one more try of each call whose body can be read again.",
    source: ["RFC 6750 section 3.1"],
    tests: [
      [fetching, "100 calls whose token is refused make one refresh"],
      [fetching, "after a 401 refreshes once and asks once more"],
      [fetching, "does not ask again with what can be read only once, and does not keep it"],
      [fetching, "raises no storm against an API that always answers 401"],
      ["tests/session/unauthorized.rs", "a_401_is_answered_with_another_token_once_and_then_handed_on"],
      ["tests/renewal.rs", "a_refresh_because_of_a_401_counts_for_half_of_a_life_and_five_minutes_at_most"],
    ],
  },
  {
    id: "revocation",
    requirement:
      "A revocation names the token, its kind and the client, outlives its page, and changes nothing here if it fails, which is told to whoever traces.",
    source: ["RFC 7009 section 2.1", "RFC 7009 section 2.2"],
    tests: [
      [requests, "a revocation, to the byte"],
      [requests, "gets the URL and exactly this init"],
      [silence, "a revocation may fail in any way: sign-out resolves"],
      ["tests/client/signout.test.mjs", "resolves when the revocation hangs, after the timeout"],
      ["tests/client/trace.test.mjs", "tells of a revocation that fails"],
    ],
  },
];

const platforms = [
  {
    id: "storage",
    requirement:
      "Storage may be missing, blocked, full, cleared or tampered with: what is not valid is not used and not sent. Hints between tabs carry nothing.",
    source: ["HTML standard", "IndexedDB standard"],
    tests: [
      [storage, "where … the session lives in memory"],
      [storage, "where … the other keeps the session"],
      [storage, "what is stored and is no session is reported, and left alone until the next login"],
      [platform, "what one tab tells another carries nothing"],
      ["tests/record.rs", "each_member_is_validated"],
      [
        "tests/browser/local.test.mjs",
        "tabs that compare and set the same value lose none of each other's, without a lock",
      ],
    ],
  },
  {
    id: "locks",
    requirement:
      "A Web Lock is used where there is one, never stolen, free when its holder is gone, and held for one refresh.",
    source: ["Web Locks standard"],
    tests: [
      [platform, "a lock is never stolen, and held for one refresh"],
      ["tests/browser/local.test.mjs", "a tab that is closed frees its lock"],
      ["tests/browser/local.test.mjs", "where there are no locks, nobody gets one, and nobody waits for it"],
    ],
  },
  {
    id: "policy",
    requirement: "A policy with 'wasm-unsafe-eval' is enough; without it the first call rejects with unsupported.",
    source: ["CSP level 3"],
    tests: [
      ["tests/browser/csp.test.mjs", "a policy that allows 'wasm-unsafe-eval' is enough"],
      ["tests/browser/csp.test.mjs", "without 'wasm-unsafe-eval' the import works, and initialize rejects"],
    ],
  },
  {
    id: "no-globals",
    requirement: "No state outside handles, and a handle that was disposed of rejects: it never traps.",
    source: ["practice"],
    tests: [
      ["tests/security/many-users.test.mjs", "1,000 users through one process never cross, whatever they share"],
      ["tests/client/memory.test.mjs", "clients that nobody holds are collected, and the wasm memory does not grow"],
      ["tests/client/signout.test.mjs", "of a connection with a call in flight: the call settles, later ones reject"],
    ],
  },
];

/** What is asked of this client, and the tests that prove it: `…` stands for what a title takes from its table. */
export const standard = {
  "What is sent": request,
  "What comes back": response,
  "Trying again and signing out": afterwards,
  "Where it runs": platforms,
  "Hard cases": hardCases,
};
