import { tables } from "../shared/table.mjs";
import { floorName, ownName } from "./contenders.mjs";
import { bareProcess } from "./processes.mjs";

const number = (value, digits = 0) =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const ratio = (value, to) => `${(value / to).toFixed(2)} ×`;

/** What each contender took in Node and in Chromium, and beside this package. */
export function cachedTable({ node, chromium }) {
  const rows = namesBy(chromium).map((name) => [name, ...cells(node, name, 0), ...cells(chromium, name, 0)]);
  return tables(["Node, ns", "beside this", "Chromium, ns", "beside this"], rows);
}

/** What each took to sign in, in Node and in Chromium, and to go on with a stored session, beside this package and beside the floor. */
export function startTable({ node, chromium, restored }) {
  const inPage = (figures, name) => [...cells(figures, name, 1), ratio(figures[name], figures[floorName])];
  const signedIn = namesBy(chromium).map((name) => [name, ...cells(node, name, 1), ...inPage(chromium, name)]);
  const names = ["beside this", "beside the floor"];
  return [
    tables(["Node, ms", "beside this", "Chromium, ms", ...names], signedIn),
    tables(
      ["restored, Chromium, ms", ...names],
      namesBy(restored).map((name) => [name, ...inPage(restored, name)]),
    ),
  ].join("\n\n");
}

function namesBy(figures) {
  return Object.keys(figures).sort((one, other) => figures[one] - figures[other]);
}

function cells(figures, name, digits) {
  const value = figures[name];
  return value === undefined ? ["does not run", ""] : [number(value, digits), ratio(value, figures[ownName])];
}

export function requestsTable({ login, refresh }) {
  const names = { own: ownName, safeguarded: "by hand, same safeguards", bare: "bare fetch" };
  const cells = (figures, name) => [number(figures[name]), ratio(figures[name], figures.safeguarded)];
  const rows = Object.entries(names).map(([name, title]) => [title, ...cells(login, name), ...cells(refresh, name)]);
  return tables(["login, µs", "beside by hand", "refresh, µs", "beside by hand"], rows);
}

export function processesTable(figures) {
  const rows = Object.entries(figures).map(([name, value]) => [
    name,
    number(value),
    number(value - figures[bareProcess]),
  ]);
  return tables(["ms", "over Node alone"], rows);
}

export function waitersTable({ own, bare, requests }, { waiters }) {
  const title = `${number(waiters)} at once`;
  const rows = [
    [ownName, number(own), String(requests)],
    ["one promise that all share", number(bare), "1"],
  ];
  return tables([`ns for each of ${title}`, "requests"], rows);
}

export function connectionsTable({ ofOneClient, ofTheirOwn, tokens }, { connections }) {
  const row = (title, { microseconds, heapBytes, wasmBytes, bytes }) => [
    title,
    ...[microseconds, heapBytes, wasmBytes, bytes, tokens].map((value) => number(value)),
  ];
  const rows = [row("of one client", ofOneClient), row("each of a client of its own", ofTheirOwn)];
  const names = ["µs each", "bytes of heap", "of WebAssembly memory", "in all", "its tokens"];
  rows[0][0] = `${number(connections)} ${rows[0][0]}`;
  rows[1][0] = `${number(connections)}, ${rows[1][0]}`;
  return tables(names, rows);
}

export function cyclesTable({ points, microseconds }, { cycles }) {
  const kilobytes = (bytes) => number(bytes / 1024);
  const shown = [0, 0.01, 0.1, 0.5, 1].map((part) => points[Math.round(part * (points.length - 1))]);
  const rows = shown.map(({ cycle, heap, pages }) => [`after ${number(cycle)}`, kilobytes(heap), String(pages)]);
  const table = tables(["heap, KB", "pages of WebAssembly memory"], rows);
  return `${table}\n\n${number(microseconds)} µs for each of ${number(cycles)}.`;
}
