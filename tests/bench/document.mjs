import { cpus, loadavg } from "node:os";
import { barChart, lineChart } from "./chart.mjs";
import { ownName } from "./contenders.mjs";
import { partNames, parts } from "./parts.mjs";

const INTRODUCTION = `# Speed and memory

\`npm run bench\` installs the other clients in \`tests/shared/peers\`, measures, prints these tables, writes this page,
and fails if a target is missed by so much that something has become worse ("fails above"). \`-- --quick\` only shows that
all parts run, \`-- --cycles 1000000\` refreshes more often, and \`-- --only cached\` measures one part: ${partNames.join(", ")}.

Everything is on one machine, and what is compared takes turns within one run: figures are medians, and a ratio says more
than a time. It is in \`tests/bench\`, with the targets in \`targets.mjs\`; what the other clients are told is in
\`tests/shared/peers/clients\`. \`bench.test.mjs\` plays a little of it each time, and asserts on no time.

![Cached token and start](bench.svg)
`;
const WHERE = `## Where the time goes

- A token at hand costs what \`Date.now\` costs. Since a wall clock can be set, \`performance.now\` is read as well, but only
  once in each millisecond of the wall clock: in Chromium it costs more than all the rest.
- A refresh is more than its request: a read of the store, a swap of the record for the claim and one for the rotation,
  each with its JSON, its deadline and the way into WebAssembly and back, and a request that the core has made and judged.
  What is done by hand beside it keeps nothing. \`node --expose-gc --cpu-prof tests/bench/programs/cycles.mjs '{"cycles":20000}'\`
  writes a profile.
- A start is many small parts, most of them code that runs for the first time. With marks in a copy of the package, in 30 pages each
  of Chromium on a busy machine, milliseconds, of each part the 30th percentile:

  |                                              | restored | signing in |
  |----------------------------------------------|----------|------------|
  | import the script, as the floor does         | 8.5      | 8.1        |
  | check the arguments                          | 1.6      | 1.4        |
  | decode the inlined module                    | 2.2      | 3.4        |
  | compile it, as the floor does                | 1.1      | 1.0        |
  | instantiate it                               | 0.4      | 0.4        |
  | try whether localStorage can be written      | 2.6      | 2.3        |
  | make the client and its session              | 1.2      | 1.2        |
  | listen to other tabs                         | 1.0      | 0.9        |
  | first call of the core, to its first read    | 1.5      | 1.4        |
  | open the database: once, three times         | 1.2      | 5.6        |
  | transactions: one, three, the last with data | 1.5      | 5.5        |
  | judge, answer, make the request              | 1.7      | 4.8        |

  The floor decodes natively, from base64, in 0.3 ms: compressed that is a quarter longer. It opens its database while the module
  compiles; to do that here made no restored start faster in pairs within one run, and signing in not in every run, on a busy machine.
  Where there is no database, it is made (5 ms).
- In Node the start imports (3.3 ms), checks the arguments (1.0), decodes (1.7), compiles (1.4), instantiates (0.4), makes the client
  and its session (1.6, of which Web Crypto for its name is 0.6), looks for a session (2.3) and signs in (2.7).
- The others wait for localStorage, where two tabs can overwrite each other.
`;

/** docs/bench.md of a whole run. */
export function benchDocument({ figures, sections, targetTable }, command) {
  const chapters = Object.entries(sections).map(
    ([name, { title, table }]) => `## ${title}\n\n${parts[name].note}\n\n${table}\n`,
  );
  const targets = `## Targets\n\n${targetTable}\n`;
  return [INTRODUCTION, ...chapters, targets, WHERE, `${lastRun(figures, command)}\n`].join("\n");
}

function lastRun({ cached }, command) {
  const load = loadavg().map((value) => value.toFixed(1));
  const machine = `Node ${process.versions.node}, ${cached.browser}, ${cpus().length} × ${cpus()[0].model.trim()}`;
  return `Last run: \`${command}\`, ${machine};\nload of the machine at the end, over 1, 5 and 15 minutes: ${load.join(", ")}.`;
}

export function benchChart({ cached, start }) {
  const groups = [
    group("An access token that is at hand, Chromium, nanoseconds", cached.chromium, 0),
    group("From import to the first access token, Chromium, milliseconds", start.chromium, 1),
  ];
  const told = groups.map(
    ({ title, bars }) => `${title}: ${bars.map(({ name, text }) => `${name} ${text}`).join(", ")}`,
  );
  return barChart({ title: "Speed beside other clients", description: told.join(". "), groups });
}

function group(title, figures, digits) {
  const bars = Object.entries(figures).map(([name, value]) => ({
    name,
    value,
    text: value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    isOwn: name === ownName,
  }));
  return { title, bars: bars.sort((one, other) => one.value - other.value) };
}

export function heapChart({ points }) {
  const megabytes = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MB`;
  const [first, last] = [points[0], points.at(-1)];
  return lineChart({
    title: "Heap after garbage collection, over the refreshes of one session",
    description: `${megabytes(first.heap)} at first, ${megabytes(last.heap)} after ${last.cycle.toLocaleString("en")} refreshes`,
    points: points.map(({ cycle, heap }) => [cycle, heap]),
    xText: (cycle) => `${cycle.toLocaleString("en")} refreshes`,
    yText: megabytes,
  });
}
