import { others } from "./reports-others.mjs";

const calls = "tests/client/fetch.test.mjs";
const session = "tests/client/session.test.mjs";
const sharing = "tests/client/sharing.test.mjs";
const refresh = "tests/client/refresh.test.mjs";
const store = "tests/client/store.test.mjs";
const answers = "tests/wire/answers.test.mjs";
const tabs = "tests/browser/tabs.test.mjs";
const hosts = "tests/stores/redis-hosts.test.mjs";
const kernels = "tests/stores/file-store-kernels.test.mjs";
const fileSession = "tests/stores/file-store-session.test.mjs";
const reported = "tests/client/reports.test.mjs";

const betweenTabs = [
  {
    reports: [
      "authts/oidc-client-ts#430",
      "manfredsteyer/angular-oauth2-oidc#850",
      "damienbod/angular-auth-oidc-client#1838",
      "okta/okta-auth-js#717",
      "keycloak/keycloak#14122",
      "directus/directus#22360",
    ],
    seen: "Tabs refresh at one expiry; all but one are refused, or all are signed out.",
    here: "One request for all tabs, with Web Locks or without; the others adopt its tokens.",
    tests: [
      [tabs, "… tabs make one request at each expiry and have the same token, … times"],
      ["tests/browser/refresh.test.mjs", "with … two tabs that refresh at once make one request"],
    ],
  },
  {
    reports: ["damienbod/angular-auth-oidc-client#1366"],
    seen: "A tab is duplicated, its sessionStorage with it; both spend the same token.",
    here: "Nothing is in sessionStorage; a tab goes on with what another has received.",
    tests: [["tests/browser/session.test.mjs", "a tab goes on with the tokens that another has received"]],
  },
  {
    reports: ["damienbod/angular-auth-oidc-client#1248", "auth0/auth0-spa-js#563"],
    seen: "After a sign-out in one tab the other goes on.",
    here: "It ends in all of them.",
    tests: [
      ["tests/browser/session.test.mjs", "a second tab finds the session, and its sign-out ends the first tab's"],
    ],
  },
  {
    reports: ["supabase/supabase-js#1594", "supabase/supabase-js#2013"],
    seen: "A Web Lock is never given; sign-in and every other call hang for ever.",
    here: "A call settles in its time, whoever holds the lock.",
    tests: [[sharing, "holds for ever keeps the next call for no longer than its time, and later ones hardly at all"]],
  },
  {
    reports: ["supabase/supabase-js#2106", "supabase/supabase#39868"],
    seen: "The remedy for that: the lock is stolen from whoever holds it.",
    here: "It is never stolen.",
    tests: [["tests/browser/platform.test.mjs", "a lock is never stolen, and held for one refresh"]],
  },
];

const processes = [
  {
    reports: [
      "anthropics/claude-code#24317",
      "anthropics/claude-code#88947",
      "openai/codex#6498",
      "anomalyco/opencode#49439",
      "anomalyco/opencode#37059",
    ],
    seen: "Processes share a file of tokens; each spends the same refresh token, and the user has to sign in again.",
    here: "One request for all who share a `fileStore`.",
    tests: [[fileSession, "make one request at one expiry, eight of them, and have the same token"]],
  },
  {
    reports: ["umputun/ralphex#411", "finbarr/yolobox#62"],
    seen: "A container has a copy of the host's tokens; who refreshes first spends those of the other.",
    here: "They can share the folder itself, a virtual machine and its host too: one request. A copy of it would spend the token twice.",
    tests: [
      [
        kernels,
        "and … has one request at each of … expiries, though an answer comes only when the other kernel has looked five times",
      ],
    ],
  },
  {
    reports: ["vercel/ai#20674", "anthropics/claude-code#80085"],
    seen: "Who loses that race deletes the tokens that the winner has stored.",
    here: "After a refusal the store is read again; what was rotated meanwhile ends nothing.",
    tests: [[store, "is read again after a refusal: what was rotated meanwhile ends nothing"]],
  },
  {
    reports: ["anthropics/claude-code#91009"],
    seen: "A new sign-in does not last while older processes run.",
    here: "A refusal of the old session takes nothing from the new one.",
    tests: [[reported, "to a client whose session a login of another has replaced takes nothing from that"]],
  },
  {
    reports: ["anthropics/claude-code#91571"],
    seen: "A rotated token does not reach the file; the next process begins with a spent one.",
    here: "It is stored before any caller has the access token.",
    tests: [[store, "holds the new refresh token before any caller has the access token"]],
  },
  {
    reports: ["Menci/Floway#340", "stacklok/toolhive#5636", "assistant-ui/assistant-ui#4822"],
    seen: "A rotated token does not get into the store, and is lost.",
    here: "It is used from memory, and written until the store takes it.",
    tests: [
      [store, "that fails after it has worked is degraded until it works again, and the new token is used"],
      [fileSession, "is full, the session goes on in memory and is stored when there is room again"],
    ],
  },
  {
    reports: ["UsefulSoftwareCo/executor#1377"],
    seen: "A token is spent though the store that must take the next one is down.",
    here: "A claim is stored first; where that fails, nothing is sent for as long as another's claim could last.",
    tests: [
      [refresh, "a token is sent without a claim only after a claim's time, and is written as soon as it can be"],
    ],
  },
  {
    reports: ["anthropics/claude-code#3117", "cloudfoundry/cli#1071", "synthetic-sciences/openscience#54"],
    seen: "A file that is being written is read as broken or empty.",
    here: "A whole file takes the place of the last, also where writers are killed.",
    tests: [
      [
        "tests/stores/file-store-kills.test.mjs",
        "… writers that are killed lose nothing, leave little and keep no lock",
      ],
      ["tests/stores/file-store-races.test.mjs", "lose and repeat nothing in … worlds, and leave one file"],
    ],
  },
  {
    reports: ["n8n-io/n8n#12742", "n8n-io/n8n#33092"],
    seen: "Runs of one credential refresh it at once, in one process and in several.",
    here: "One request for all callers, processes and hosts that share a store.",
    tests: [
      [session, "serves its token without a request until it expires, then refreshes once for 1,000 callers"],
      [hosts, "make one request at one expiry, and have the same token"],
    ],
  },
  {
    reports: ["nextauthjs/next-auth#7558", "supabase/ssr#68", "auth0/nextjs-auth0#959", "auth0/nextjs-auth0#2149"],
    seen: "Requests that are rendered at once spend the token of one cookie, or cannot store the next.",
    here: "No cookie holds tokens: a store of the server's does, for all its processes.",
    tests: [
      ["tests/stores/postgres-store.test.mjs", "is one that hosts share a session through: one request at one expiry"],
    ],
  },
  {
    reports: ["rphlmr/supa-fly-stack#43", "one-aalam/svelte-starter-kit#36"],
    seen: "With one client on the server, one user's request goes out with another's token.",
    here: "Without a store each login is a session of its own; with one, `slot` keeps users apart.",
    tests: [
      ["tests/security/many-users.test.mjs", "1,000 users through one process never cross, whatever they share"],
      [session, "with persistence none every login is a session of its own"],
    ],
  },
];

const failures = [
  {
    reports: [
      "supabase/auth-js#141",
      "aws-amplify/amplify-js#14130",
      "aws-amplify/amplify-js#7864",
      "bluesky-social/atproto#4238",
    ],
    seen: "A start or a refresh without a network deletes the session.",
    here: "`network`, and the session goes on.",
    tests: [
      ["tests/wire/silence.test.mjs", "a server that is not there is network"],
      [refresh, "for longer than a call may take is a failure of the call, and the session asks on by itself"],
    ],
  },
  {
    reports: ["AxaFrance/oidc-client#1366", "metadist/synaplan#1355", "xikhar/persona#44"],
    seen: "A 500, 502 or 503 while the server starts signs the user out.",
    here: "`unavailable`, and the session goes on.",
    tests: [[answers, "a 503"]],
  },
  {
    reports: ["matrix-org/matrix-js-sdk#5495"],
    seen: "Any 4xx ends the session: a 429 or 408 with a page, from a proxy.",
    here: "Only `invalid_grant` in a 400, 401 or 403 ends it.",
    tests: [["tests/oauth.rs", "only_400_401_and_403_with_invalid_grant_end_a_session"]],
  },
  {
    reports: ["Shopify/hydrogen#3916"],
    seen: "A 401 with an empty `error` for a while signs the customer out.",
    here: "`refused`, and the session goes on.",
    tests: [[answers, "a 401 whose error is empty"]],
  },
  {
    reports: ["ginlix-ai/LangAlpha#379"],
    seen: "After a 429 the client asks on, without regard to Retry-After, and signs the user out.",
    here: "All who share the store leave the server alone until then, and say so at once.",
    tests: [[refresh, "for longer than that is left alone by all who share the store, and each call says so at once"]],
  },
  {
    reports: ["supabase/auth-js#1036"],
    seen: "A server that is gone is asked for ever.",
    here: "Seven sends by itself, then those of calls alone.",
    tests: [[refresh, "each time is asked for seven times in all"]],
  },
  {
    reports: ["redon2/strapi-plugin-refresh-token#11", "nhost/hasura-backend-plus#220"],
    seen: "The answer is lost on the way, the old token is spent, the user is signed out.",
    here: "It is asked for again, within `reuseWindow`. What a strict server then does is below.",
    tests: [[refresh, "… times is asked for again, and a server that allows that keeps the session"]],
  },
  {
    reports: ["auth0/auth0-spa-js#449", "auth0/auth0-spa-js#654"],
    seen: "With a dead refresh token in the storage no client can be made.",
    here: "It is made and restores; the first call says that the session has ended, and a login takes its place.",
    tests: [
      [reported, "is heard of by the first call: a client is made, restores, and the next login takes its place"],
    ],
  },
  {
    reports: ["auth0/auth0-spa-js#1042"],
    seen: "Nothing tells the application that the refresh token has died.",
    here: "`session_ended`, `reason` `invalid_grant`, to all who wait, and in the snapshot.",
    tests: [[session, "that the server ends says so once, to all who wait, and sends nothing more"]],
  },
  {
    reports: ["supabase/auth-js#904"],
    seen: "A sign-in that fails loses the session that was there.",
    here: "It replaces nothing.",
    tests: [[session, "that is refused replaces nothing"]],
  },
];

const contents = [
  {
    reports: ["badgateway/oauth2-client#161", "nuxt-community/auth-module#593", "frappe/frappe#26266"],
    seen: "An answer without a refresh token wipes out the one there is.",
    here: "It is kept.",
    tests: [[answers, "without a refresh token keeps the one there is"]],
  },
  {
    reports: ["mulesoft-labs/js-client-oauth2#36", "AxaFrance/oidc-client#1118"],
    seen: "`expires_in` is a text: it is joined to the time instead of added, or not understood.",
    here: "Digits count as a number.",
    tests: [[answers, "whose lifetime is … lives for … seconds"]],
  },
  {
    reports: ["DuendeArchive/identity-model-oidc-client-js#534", "lidge-jun/opencodex#1417"],
    seen: "`expires_in` is missing; the expiry is NaN, and nothing is ever renewed.",
    here: "The lifetime is taken for five minutes.",
    tests: [["tests/token.rs", "a_lifetime_that_nobody_told_is_five_minutes"]],
  },
  {
    reports: ["keycloak/keycloak-js#107", "directus/directus#4054", "workos/authkit-nextjs#273"],
    seen: "A lifetime over 24.8 days overflows a timer: refreshes without end.",
    here: "No timer is longer than an hour.",
    tests: [["tests/client/timers.test.mjs", "an hour, whatever the server says"]],
  },
  {
    reports: ["vercel/ai#10899"],
    seen: "The tokens come in a form instead of JSON.",
    here: "JSON is asked for with `Accept`; an answer in a form is `invalid_response`, and the session goes on.",
    tests: [
      ["tests/wire/requests.test.mjs", "a refresh, to the byte"],
      [answers, "tokens in a form"],
    ],
  },
  {
    reports: ["jhipster/generator-jhipster#1834"],
    seen: "A `+` in the password arrives as a space.",
    here: "Every character is encoded as the URL standard writes a form.",
    tests: [["tests/wire/requests.test.mjs", "every character as the URL standard writes a form"]],
  },
];

const apiCalls = [
  {
    reports: ["Flyrell/axios-auth-refresh#90", "Flyrell/axios-auth-refresh#117"],
    seen: "Several calls get a 401; one of them is asked again.",
    here: "All of them are, after one refresh.",
    tests: [[calls, "100 calls whose token is refused make one refresh"]],
  },
  {
    reports: ["Flyrell/axios-auth-refresh#210", "Flyrell/axios-auth-refresh#286"],
    seen: "Instances for several servers refresh with one token, each for itself.",
    here: "A session refreshes because of a 401 once for all origins.",
    tests: [[calls, "refreshes because of a 401 once for all origins"]],
  },
  {
    reports: ["bucketeer-io/bucketeer#2455", "OpenMeet-Team/openmeet-platform#414"],
    seen: "An API that always answers 401 makes a loop of refreshes.",
    here: "One refresh in half of a token's life, or in five minutes; then the 401 is handed on.",
    tests: [[calls, "raises no storm against an API that always answers 401"]],
  },
  {
    reports: ["manfredsteyer/angular-oauth2-oidc#1041", "auth0/angular2-jwt#473"],
    seen: "The token goes to every server, or to any whose URL cannot be read.",
    here: "To the API and to `allowedOrigins` alone; all else is refused before anything is sent.",
    tests: [[calls, "refuses other places and an Authorization of the caller's own before anything is sent"]],
  },
];

/** What was reported of other packages, what this one does, and the tests that show it. */
export const reports = {
  "Between tabs": betweenTabs,
  "Between processes, hosts and users": processes,
  "When network and server fail": failures,
  "What an answer says": contents,
  "Calls of the API": apiCalls,
  ...others,
};
