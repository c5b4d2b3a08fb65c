const answers = "tests/wire/answers.test.mjs";
const exits = "tests/client/exits.test.mjs";
const refresh = "tests/client/refresh.test.mjs";
const reported = "tests/client/reports.test.mjs";
const session = "tests/client/session.test.mjs";
const lifecycle = "tests/browser/lifecycle.test.mjs";
const storage = "tests/browser/storage.test.mjs";

const time = [
  {
    reports: [
      "auth0/auth0-spa-js#343",
      "fenichelar/ember-simple-auth-token#300",
      "hypothesis/client#384",
      "DuendeArchive/identity-model-oidc-client-js#143",
    ],
    seen: "A timer sleeps with the laptop: an expired token is handed out, or the user is signed out.",
    here: "No timer begins a refresh: who asks for a token has the clocks looked at.",
    tests: [
      [refresh, "does not happen where nobody asks"],
      [session, "whose clock … refreshes once"],
    ],
  },
  {
    reports: ["manfredsteyer/angular-oauth2-oidc#1135", "koala73/worldmonitor#5932", "firebase/firebase-js-sdk#6032"],
    seen: "The clock is wrong: sign-ins in a loop, no token at all, or one that has expired.",
    here: "The lifetime counts from the answer, by whatever clock there is.",
    tests: [
      [reported, "by an hour, ahead,"],
      [reported, "by an hour, behind,"],
    ],
  },
  {
    reports: ["workos/authkit-nextjs#470"],
    seen: "By the clock the token is valid, and the API's 401 changes nothing.",
    here: "The 401 has the last word: one refresh, and one more try.",
    tests: [["tests/client/fetch.test.mjs", "after a 401 refreshes once and asks once more"]],
  },
  {
    reports: ["AxaFrance/oidc-client#1244"],
    seen: "Tokens of a minute are renewed each second.",
    here: "They are renewed in the last tenth of their life, once.",
    tests: [[refresh, "runs behind the token in hand in the last tenth of its life, and once"]],
  },
];

const storages = [
  {
    reports: ["supabase/auth-js#148", "firebase/firebase-js-sdk#1774", "nhost/nhost#3409"],
    seen: "Where storage is blocked, in a frame for instance, the application crashes.",
    here: "The session lives in memory, and `storage` is `none`.",
    tests: [
      [storage, "where … the session lives in memory"],
      ["tests/browser/frame.test.mjs", "in a frame without an origin the session lives in memory"],
    ],
  },
  {
    reports: ["firebase/firebase-js-sdk#631"],
    seen: "Where IndexedDB alone is refused nobody can sign in.",
    here: "The session is kept in localStorage, and the other way round.",
    tests: [[storage, "where … the other keeps the session"]],
  },
  {
    reports: ["firebase/firebase-js-sdk#9132"],
    seen: "IndexedDB never answers, and the application waits for ever.",
    here: "`restore` rejects with `unavailable`, and nobody is signed out.",
    tests: [[storage, "while IndexedDB does not answer neither a copy nor its absence is believed"]],
  },
  {
    reports: ["firebase/firebase-js-sdk#1926"],
    seen: "No transaction of IndexedDB can be begun any more, not even after a reload.",
    here: "No connection is kept open; a transaction that is aborted is a failure of the store, not an answer.",
    tests: [
      ["tests/browser/local.test.mjs", "no connection to IndexedDB stays open"],
      [storage, "a transaction that is aborted is a failure of the store, not an answer"],
    ],
  },
  {
    reports: [
      "AzureAD/microsoft-authentication-library-for-js#5333",
      "AzureAD/microsoft-authentication-library-for-js#3581",
    ],
    seen: "Nothing fits into localStorage any more, and no token can be had.",
    here: "IndexedDB keeps the session, and no older copy stays.",
    tests: [
      [storage, "where … the other keeps the session"],
      [storage, "what localStorage has no room for is not there as an older copy"],
    ],
  },
  {
    reports: ["okta/okta-auth-js#562", "okta/okta-auth-js#300"],
    seen: "A worker has no localStorage, and a store may not be asynchronous.",
    here: "A worker shares the session of its page; any store may be asynchronous.",
    tests: [
      ["tests/browser/csp.test.mjs", "a module worker, which has no localStorage, shares its session with the page"],
    ],
  },
];

const signOut = [
  {
    reports: ["manfredsteyer/angular-oauth2-oidc#495", "supabase/supabase-swift#1371"],
    seen: "A refresh that ends after the sign-out brings the session back, or replaces the next user's.",
    here: "What comes late is revoked, and given to nobody.",
    tests: [
      ["tests/client/signout.test.mjs", "… during a refresh: callers are told, and what comes late is revoked"],
      [session, "during a refresh of the first gives nobody another user's token"],
    ],
  },
  {
    reports: ["supabase/supabase-js#2501", "aws-amplify/amplify-flutter#6205"],
    seen: "A sign-out whose request fails leaves the session.",
    here: "It is over here and in the store; the server is not told.",
    tests: [[reported, "is one here, in the store, and for every other client of it"]],
  },
];

const frameworks = [
  {
    reports: ["vuejs/core#8149", "ton-core/ton#26"],
    seen: "An object with private members breaks in Vue's deep proxies.",
    here: "Client and connection have none that a proxy meets.",
    tests: [
      ["tests/bindings/vue.test.mjs", "work: …"],
      ["tests/bindings/proxies.test.mjs", "a client and its connection work, and so do their methods by themselves"],
    ],
  },
  {
    reports: ["authts/react-oidc-context#1638"],
    seen: "StrictMode mounts twice, and two requests spend one token.",
    here: "However many ask, one request; an effect may run twice.",
    tests: [
      [
        "tests/browser/react.test.mjs",
        "useClient of a promise follows its client in StrictMode, and says why there is none",
      ],
      [session, "serves its token without a request until it expires, then refreshes once for 1,000 callers"],
    ],
  },
  {
    reports: ["supabase/auth-js#100", "inrupt/solid-client-authn-js#1623"],
    seen: "The timer of the next refresh keeps Node from ending.",
    here: "A process ends by itself.",
    tests: [[exits, "after a refresh ahead"]],
  },
  {
    reports: ["keratin/authn-js#19"],
    seen: "After a test a refresh is still planned, and spoils the next.",
    here: "None is planned; Jest and Vitest, with their timers, are played.",
    tests: [
      ["tests/runners/runners.test.mjs", "lives: Jest, …"],
      [refresh, "does not happen where nobody asks"],
    ],
  },
  {
    reports: ["okta/okta-auth-js#53"],
    seen: "In Node the import throws: `localStorage` is not defined.",
    here: "An import touches nothing.",
    tests: [
      ["tests/package/tarball.test.mjs", "… touches no page, makes no request, compiles nothing and starts nothing"],
    ],
  },
];

const worse = [
  {
    reports: ["bluesky-social/atproto#2816", "lynndylanhurley/j-toker#19"],
    seen: "A reload in the middle of a refresh loses the session.",
    here: "So it does at a server that refuses a spent token: `response_lost`, once. Where the server has a window it goes on.",
    tests: [
      [lifecycle, "with … a tab is closed …, and the token is spent: the session ends once"],
      [lifecycle, "with … a tab is closed ……: the session goes on"],
    ],
  },
  {
    reports: ["supabase/supabase-js#2145", "supabase/supabase-js#2148"],
    seen: "A refresh ahead of time is refused, and an access token that is still valid is dropped.",
    here: "So it is, once the refusal is proven: up to a tenth of a token's life, five minutes at most, is given up.",
    tests: [[reported, "is heard of by a refresh ahead, too, and the token in hand is given to nobody any more"]],
  },
  {
    reports: ["Lampese/codex-switcher#37"],
    seen: "The server tells a spent token with a 401 in words of its own.",
    here: "The session goes on, and each call is `refused`: the application has to sign out.",
    tests: [[answers, "a 401 whose error is an object"]],
  },
  {
    reports: ["soofstad/react-oauth2-pkce#50", "bjerkio/oidc-react#901"],
    seen: "StrictMode exchanges an authorization code twice.",
    here: "`meshydb-client/oauth` exchanges it once.",
    tests: [["tests/oauth/browser.test.mjs", "double effects, each with a client of its own, exchange once"]],
  },
  {
    reports: ["auth0/auth0-spa-js#1684"],
    seen: "Tokens for several audiences are asked for at once with one refresh token.",
    here: "Not yet: a session has one scope and one access token.",
    tests: [["tests/wire/requests.test.mjs", "the scope that was configured"]],
  },
  {
    reports: ["auth0/auth0-spa-js#915"],
    seen: "A strict content security policy does not allow what the client is made of.",
    here: "It needs `'wasm-unsafe-eval'`, and without it `initialize` rejects.",
    tests: [["tests/browser/csp.test.mjs", "without 'wasm-unsafe-eval' the import works, and initialize rejects"]],
  },
  {
    reports: ["anthropics/claude-code#91708"],
    seen: "The race of processes on Windows.",
    here: "`fileStore` has a lock by a named pipe there. It was played with a stand-in, not on Windows.",
    tests: [
      [
        "tests/stores/file-store-windows.test.mjs",
        "of a process that is stopped is held, and free when that is killed",
      ],
    ],
  },
  {
    reports: ["anthropics/claude-code#41507"],
    seen: "The same race on a Mac, in the Keychain.",
    here: "Not yet: tokens are in a file that its user alone can read, in no keychain.",
    tests: [
      [
        "tests/stores/file-store-folder.test.mjs",
        "is made when it is first written, with what is above it, for this user alone",
      ],
    ],
  },
];

export const others = {
  Time: time,
  Storage: storages,
  "Sign-out": signOut,
  "Frameworks and tools": frameworks,
  "Worse here, or not yet": worse,
};
