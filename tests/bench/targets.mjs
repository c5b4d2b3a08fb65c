import { bareName, floorName, keeperNames, ownName } from "./contenders.mjs";
import { bareProcess, bareRequest, commandOf, ownProcess } from "./processes.mjs";

const STARTS = { node: "start, Node", chromium: "start, Chromium", restored: "restore, Chromium" };

const besideFastest = (figures, isOther) => {
  const others = Object.keys(figures).filter(isOther);
  return figures[ownName] / Math.min(...others.map((name) => figures[name]));
};
const isOther = (name) => ![bareName, ownName].includes(name);
const isKeeper = (name) => keeperNames.includes(name);
const times = (value) => `${value.toFixed(2)} ×`;
const milliseconds = (value) => `${Math.round(value)} ms`;
const bytes = (value) => `${Math.round(value).toLocaleString("en")} bytes`;

/**
 * What the figures of a part should not exceed: `measured` is a ratio or a difference within one run, or a size. A run fails where it is
 * more than `margin` times the `goal`: where that is missed today, or a busy machine would miss it, that is more than what
 * is measured, so that what fails has become worse.
 */
export const targets = [
  {
    part: "cached",
    text: "cached token, Node: beside a bare function",
    measured: ({ node }) => node[ownName] / node[bareName],
    goal: () => 3,
    margin: 1.5,
    shown: times,
  },
  {
    part: "cached",
    text: "cached token, Chromium: beside the fastest that keeps sessions",
    measured: ({ chromium }) => besideFastest(chromium, isKeeper),
    needsPeers: true,
    goal: () => 1,
    margin: 1,
    shown: times,
  },
  {
    part: "cached",
    text: "cached token, Chromium: beside the fastest other",
    measured: ({ chromium }) => besideFastest(chromium, isOther),
    needsPeers: true,
    goal: () => 1,
    margin: 1.5,
    shown: times,
  },
  ...["login", "refresh"].map((grant) => ({
    part: "requests",
    text: `${grant}: beside the same safeguards by hand`,
    measured: (figures) => figures[grant].own / figures[grant].safeguarded,
    goal: () => 1.1,
    margin: 2.5,
    shown: times,
  })),
  ...Object.entries(STARTS).map(([figure, start]) => ({
    part: "start",
    text: `${start}: beside the fastest that keeps sessions`,
    measured: (figures) => besideFastest(figures[figure], isKeeper),
    needsPeers: true,
    goal: () => 1,
    margin: 5,
    shown: times,
  })),
  ...["chromium", "restored"].map((figure) => ({
    part: "start",
    text: `${STARTS[figure]}: beside the floor`,
    measured: (figures) => figures[figure][ownName] / figures[figure][floorName],
    goal: () => 1.15,
    margin: 4,
    shown: times,
  })),
  {
    part: "processes",
    text: "a process's token from a file: over Node alone",
    measured: (figures) => figures[ownProcess] - figures[bareProcess],
    goal: () => 60,
    margin: 3,
    shown: milliseconds,
  },
  {
    part: "processes",
    text: "a command that needs no request",
    measured: (figures) => Math.max(figures[commandOf("status")], figures[commandOf("token")]),
    goal: () => 150,
    margin: 3,
    shown: milliseconds,
  },
  {
    part: "processes",
    text: "a command that makes a request: over one `fetch` alone",
    measured: (figures) => figures[commandOf("whoami")] - figures[bareRequest],
    goal: () => 60,
    margin: 3,
    shown: milliseconds,
  },
  {
    part: "waiters",
    text: "waiters: requests for all of them",
    measured: ({ requests }) => requests,
    goal: () => 1,
    margin: 1,
    shown: String,
  },
  {
    part: "connections",
    text: "each live connection: 4 KB, 3 × its tokens",
    measured: ({ ofOneClient }) => ofOneClient.bytes,
    goal: ({ tokens }) => 4096 + 3 * tokens,
    margin: 1.15,
    shown: bytes,
  },
  {
    part: "cycles",
    text: "WebAssembly memory after 1,000 refreshes",
    measured: ({ points }) => points.at(-1).pages - points[0].pages,
    goal: () => 0,
    margin: 1,
    shown: (pages) => `+${pages} pages`,
  },
];

/** Which targets the figures of the parts that were measured meet, which they miss, and which they miss by more than the margin. */
export function judged(figures, withPeers) {
  const known = targets.filter(({ part, needsPeers }) => figures[part] && (withPeers || !needsPeers));
  return known.map(({ part, text, measured, goal, margin, shown }) => {
    const value = measured(figures[part]);
    const limit = goal(figures[part]);
    const verdict = value <= limit ? "met" : value <= limit * margin ? "missed" : "**worse**";
    return {
      text,
      goal: shown(limit),
      limit: shown(limit * margin),
      value: shown(value),
      verdict,
      holds: value <= limit * margin,
    };
  });
}
