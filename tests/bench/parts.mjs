/** What is measured, and what docs/bench.md says of it. */
export const parts = {
  cached: {
    title: "An access token that is at hand",
    note: `Each contender is called again and again for a token that it has, for some 20 ms a turn. In Node all are in one process;
in Chromium each has a page of its own. The bare function is \`async () => token\`. What does not run in Node needs a page.`,
  },
  requests: {
    title: "Login and refresh",
    note: `One after another, with a server in another process. By hand means one deadline over headers and body, no redirect
followed, at most 64 KiB of JSON read (\`tests/bench/handwritten.js\`); the bare \`fetch\` has none of these. Neither keeps a
session.`,
  },
  start: {
    title: "From import to the first access token",
    note: `Import the minified bundle, make a client, sign in, get the first access token, with a \`fetch\` that answers at once: each
time in a new Node process, or in a page of a new profile. "Restored" is the same in the next page of that profile, which finds
the session: no request is made. auth-js, auth0-spa-js and oidc-client-ts keep sessions by themselves, as this package does,
and to them it is compared. The floor (\`tests/bench/floor.js\`) compiles the same module while it opens a database, reads one
record, and writes it where there was none: nothing else, and it is no client.`,
  },
  processes: {
    title: "From the start of a process to its end",
    note: `A program that has signed in before: a new Node process reads the session from a file and has its access token, without a
request. The commands are those of [examples/cli](../examples/cli); \`whoami\` asks an API on the same machine, and Node loads its \`fetch\` for that.`,
  },
  waiters: {
    title: "Many who wait for one refresh",
    note: "`getAccessToken({ rejected })` in one turn, with a `fetch` that answers at once.",
  },
  connections: {
    title: "Many live connections",
    note: `Sessions that stay live in one Node process, after garbage collection. "Its tokens" are the characters of the access
and the refresh token.`,
  },
  cycles: {
    title: "Many refreshes",
    note: `One session in one Node process, with a \`fetch\` that answers at once, counted from 1,000 refreshes on; the heap after
garbage collection.

![The heap over the refreshes](heap.svg)`,
  },
};

export const partNames = Object.keys(parts);
