const answers = "tests/wire/answers.test.mjs";
const requests = "tests/wire/requests.test.mjs";
const silence = "tests/wire/silence.test.mjs";
const entry = "tests/client/entry.test.mjs";
const refresh = "tests/client/refresh.test.mjs";
const session = "tests/client/session.test.mjs";
const sharing = "tests/client/sharing.test.mjs";
const signout = "tests/client/signout.test.mjs";
const store = "tests/client/store.test.mjs";
const claiming = "tests/session/claiming.rs";
const repeating = "tests/session/repeating.rs";
const platform = "tests/browser/platform.test.mjs";
const storage = "tests/browser/storage.test.mjs";
const tabs = "tests/browser/refresh.test.mjs";

export const hardCases = [
  {
    id: "many-callers",
    requirement: "Ten thousand callers at one expiry make one request, and code that calls back in stops nothing.",
    source: ["practice"],
    tests: [
      ["tests/session/calling.rs", "ten_thousand_callers_make_one_request"],
      [session, "serves its token without a request until it expires, then refreshes once for 1,000 callers"],
      ["tests/client/callbacks.test.mjs", "from …: nothing is thrown, and everything settles"],
      ["tests/edge/mod.rs", "a_store_may_call_back_into_the_machine"],
    ],
  },
  {
    id: "many-tabs",
    requirement:
      "All tabs at one expiry make one request, with Web Locks and without; the others adopt what it brings.",
    source: ["RFC 9700 section 4.14"],
    tests: [
      [tabs, "with … two tabs that refresh at once make one request"],
      ["tests/browser/page.test.mjs", "shows twenty tabs and one request, and twenty more and one more"],
      [sharing, "…: 20 of them make one request at one expiry, and have the same token"],
      ["tests/session/sharing.rs", "what_another_holder_has_rotated_is_adopted_without_a_request"],
    ],
  },
  {
    id: "dead-holder",
    requirement:
      "A holder that is gone is taken over from: at once under a lock that was freed with it, else when its time has passed. One that was stopped does not send late, and a page from the cache reads the store again.",
    source: ["practice"],
    tests: [
      [claiming, "a_claim_made_under_the_lock_that_is_held_here_is_nobodys"],
      [claiming, "any_other_claim_is_waited_out_from_when_it_was_first_seen"],
      [claiming, "who_wakes_a_second_after_its_claim_does_not_send"],
      [sharing, "wait no longer for one that dies under the lock"],
      [tabs, "with … a tab that is closed while it refreshes is taken over from"],
      [platform, "a page that comes back from the cache reads the store again"],
    ],
  },
  {
    id: "lost-answer",
    requirement:
      "An answer that is lost is asked for again, at once and then after pauses, whether or not a call waits; where the server does not allow that, the session ends once, as response_lost.",
    source: ["RFC 9700 section 4.14"],
    tests: [
      [refresh, "… times is asked for again, and a server that allows that keeps the session"],
      [refresh, "of a strict server … ends the session once, here and for all who share the store"],
      [refresh, "and found out later by another holder, is response_lost too"],
      [repeating, "a_lost_answer_is_asked_for_again_at_once_and_then_after_a_pause_without_claim_and_lock"],
      [repeating, "a_lost_answer_is_asked_for_again_though_nobody_waits"],
    ],
  },
  {
    id: "failing-store",
    requirement:
      "A store that fails leaves the session in memory, degraded, and is written later. While it cannot be read no token is sent that others may have, and without a claim only where none was taken for longer than one lasts. Cleared means removed, corrupt is not used, a later version is left alone.",
    source: ["practice"],
    tests: [
      [store, "that … leaves the session in memory, degraded, and nothing else is lost"],
      [store, "whose record was removed ends the session at its next refresh"],
      [store, "whose record … has nothing to restore, and is overwritten by the next login"],
      [store, "whose record is of a later version is left alone"],
      [storage, "a storage that is cleared ends the session in every other tab"],
      ["tests/session/sharing.rs", "a_store_that_fails_leaves_the_session_degraded_and_is_written_later"],
      [
        "tests/session/unstored.rs",
        "a_stored_session_sends_nothing_while_its_store_cannot_be_read_and_looks_each_second",
      ],
      [claiming, "without_a_claim_a_token_is_sent_only_where_none_was_taken_for_longer_than_one_lasts"],
    ],
  },
  {
    id: "time",
    requirement: "Whatever a clock does, it costs at most one refresh; the API's 401 is the last word.",
    source: ["practice"],
    tests: [
      [session, "whose clock … refreshes once"],
      ["tests/token.rs", "a_token_is_valid_while_both_clocks_say_so"],
      ["tests/session/calling.rs", "a_clock_that_is_set_costs_one_refresh_and_no_more"],
      [session, "refreshes for a token that the API refused, if it is still the one in hand"],
    ],
  },
  {
    id: "broken-network",
    requirement:
      "No network, no TLS, no CORS, a portal's page, a redirect, an empty or broken or endless answer, or none: a typed error, the session goes on, and a valid access token is still served.",
    source: ["practice"],
    tests: [
      [answers, "… is …, and the session goes on"],
      [silence, "… is …, and the session goes on"],
      [silence, "a server that is not there is network"],
      [silence, "a server that cannot do TLS is network, and is shown no secret"],
      [requests, "… is never followed"],
      [platform, "that does not allow the tenant is network, and is sent nothing"],
      [refresh, "that fails keeps nobody from the token in hand, and is tried again after a pause alone"],
    ],
  },
  {
    id: "sign-out-meanwhile",
    requirement:
      "A sign-out or another login during a refresh, here or elsewhere, is final: what comes late is revoked and given to nobody.",
    source: ["practice"],
    tests: [
      [signout, "… during a refresh: callers are told, and what comes late is revoked"],
      [sharing, "…: a sign-out while another refreshes ends it for both, and what comes late is revoked"],
      [session, "during a refresh of the first gives nobody another user's token"],
      ["tests/browser/session.test.mjs", "another user's login in one tab replaces the session in the other"],
      ["tests/session/signing_out.rs", "sending_it_settles_everyone_and_revokes_the_late_reply"],
    ],
  },
  {
    id: "apart",
    requirement: "Accounts, tenants, keys, slots and servers never meet in a store, whatever their names.",
    source: ["practice"],
    tests: [
      ["tests/client/options.test.mjs", "is another for every other session, and visible ASCII"],
      [store, "that two accounts, tenants, keys, slots and servers share keeps them apart"],
      ["tests/browser/session.test.mjs", "two slots do not meet"],
    ],
  },
  {
    id: "hostile-answers",
    requirement:
      "Huge or deep JSON, inherited members, tokens that are none, impossible numbers, byte order marks, half characters: a typed error and no trap.",
    source: ["practice"],
    tests: [
      [answers, "… is …, and the session goes on"],
      [answers, "whose lifetime is … lives for … seconds"],
      ["tests/edge/mod.rs", "a_misbehaving_fetch_is_an_error_and_the_next_login_works"],
      ["tests/record.rs", "no_hostile_past_breaks_a_rotation"],
    ],
  },
  {
    id: "hostile-arguments",
    requirement:
      "Arguments that could change a URL or a header are refused by name before any request; user name and password may be any Unicode.",
    source: ["practice"],
    tests: [
      [entry, "… of initializeWithTenant"],
      [entry, "… of every call"],
      [
        "tests/client/fetch.test.mjs",
        "refuses other places and an Authorization of the caller's own before anything is sent",
      ],
      ["tests/client/options.test.mjs", "take what is ordinary"],
      [requests, "any Unicode in user name and password, as a form"],
    ],
  },
  {
    id: "processes",
    requirement:
      "Processes and hosts that share a file or a register make one refresh, and outlive one that is killed.",
    source: ["practice"],
    tests: [
      [sharing, "is waited out, and another goes on with the session"],
      [sharing, "…: 20 of them make one request at one expiry, and have the same token"],
      [sharing, "…: two that open with the same foreign token make one request"],
      [
        "tests/stores/file-store-session.test.mjs",
        "make one request at one expiry, eight of them, and have the same token",
      ],
      ["tests/stores/file-store-session.test.mjs", "go on at once when one is killed while it refreshes"],
      ["tests/stores/file-store-races.test.mjs", "lose and repeat nothing in … worlds, and leave one file"],
      [
        "tests/stores/file-store-kills.test.mjs",
        "… writers that are killed lose nothing, leave little and keep no lock",
      ],
      ["tests/token.rs", "the_token_of_another_holder_lives_as_long_as_is_left_by_the_wall_clock"],
    ],
  },
  {
    id: "many-users",
    requirement: "A thousand users through one process never cross.",
    source: ["practice"],
    tests: [
      ["tests/security/many-users.test.mjs", "1,000 users through one process never cross, whatever they share"],
      [session, "with persistence none every login is a session of its own"],
    ],
  },
  {
    id: "leaving",
    requirement: "A page that is left sends nothing on its way out, and one left during a refresh loses no session.",
    source: ["practice"],
    tests: [
      [platform, "a page that is left sends nothing on its way out"],
      [platform, "a page that is left while it refreshes loses no session"],
    ],
  },
  {
    id: "saved-token",
    requirement:
      "A refresh token that the application saved and the session has rotated since joins the live session, and is never sent.",
    source: ["practice"],
    tests: [
      [session, "with an old token, rotated underneath, joins, and the old one is never sent again"],
      [session, "through a store joins the session that another client has rotated"],
      ["tests/session/opening.rs", "a_token_that_is_or_was_the_stored_sessions_joins_it_and_is_never_sent"],
      ["tests/browser/sample.test.mjs", "the sample … leaves two connections that work"],
    ],
  },
];
