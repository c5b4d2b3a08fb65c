import { contentTypes, jsonValues, retryAfters, statuses } from "./values.mjs";

const encoder = new TextEncoder();
/** Texts that were made so far. */
export let inputs = 0;

/** One of values of which some are told when they are drawn. */
function drawn(dice, choices) {
  const choice = dice.pick(choices);
  return typeof choice === "function" ? choice() : choice;
}

/** An object with some members replaced by hostile values, some left out and some twice, as JSON text. */
export function hostileText(dice, members) {
  inputs += 1;
  const parts = [];
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || dice.one(5)) continue;
    parts.push(`${JSON.stringify(name)}:${dice.one(15) ? drawn(dice, jsonValues) : JSON.stringify(value)}`);
    if (dice.one(2)) parts.push(`${JSON.stringify(name)}:${drawn(dice, jsonValues)}`);
  }
  if (dice.one(5)) parts.push(`"__proto__":${drawn(dice, jsonValues)}`);
  const text = `{${parts.join()}}`;
  return dice.one(25) ? mangled(dice, text) : text;
}

/** Text with a part of it cut out, written twice, overwritten, or put into something else. */
function mangled(dice, text) {
  const from = dice.below(text.length + 1);
  const to = from + dice.below(dice.pick([2, 8, text.length - from + 1]));
  const [before, part, after] = [text.slice(0, from), text.slice(from, to), text.slice(to)];
  const character = String.fromCharCode(dice.below(dice.pick([128, 65_536])));
  return dice.pick([
    () => before + after,
    () => before + part + part + after,
    () => before + character + after,
    () => before,
    () => before + drawn(dice, jsonValues) + after,
    () => `\ufeff${text}`,
    () => `[${text}]`,
    () => text.repeat(2),
    () => drawn(dice, jsonValues),
  ])();
}

/** What a fetch resolves to. Rarely a platform's own Response, which takes ten times as long. */
export function hostileAnswer(dice, members) {
  const status = dice.one(60) ? 200 : dice.pick(statuses);
  const contentType = dice.one(80) ? "application/json" : dice.pick(contentTypes);
  const retryAfter = dice.one(70) ? null : drawn(dice, retryAfters);
  const bytes = encoder.encode(hostileText(dice, members));
  if (dice.one(5)) bytes[dice.below(bytes.length || 1)] = dice.below(256);
  if (dice.one(2)) return platformAnswer({ status, contentType, bytes });
  const headers = { "content-type": contentType, "retry-after": retryAfter };
  const chunks = chunksOf(dice, bytes);
  const reader = {
    read: async () => (chunks.length ? { done: false, value: chunks.shift() } : { done: true, value: undefined }),
    cancel: async () => {},
  };
  return { status, headers: { get: (name) => headers[name] }, body: dice.one(1) ? null : { getReader: () => reader } };
}

function chunksOf(dice, bytes) {
  if (dice.one(80)) return [bytes];
  const at = dice.below(bytes.length + 1);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

function platformAnswer({ status, contentType, bytes }) {
  const isPossible = Number.isInteger(status) && status >= 200 && status < 600 && ![204, 205, 304].includes(status);
  const headers = contentType && !contentType.includes("\0") ? { "content-type": contentType } : {};
  return new Response(bytes, { status: isPossible ? status : 200, headers });
}
