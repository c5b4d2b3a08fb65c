import { inspect } from "node:util";
import { initialize, initializeWithTenant, MeshyError } from "../../pkg/index.js";
import { canary } from "./canary.mjs";
import { hostileAnswer, hostileText } from "./mutations.mjs";
import { values } from "./values.mjs";

const CODES = new Set([
  ...["invalid_argument", "invalid_grant", "refused", "rate_limited", "unavailable", "network", "timeout", "aborted"],
  ...["invalid_response", "session_ended", "unsupported"],
]);
/** Shorter than any pause: no call waits through one. */
const TIMEOUT = 200;

const grant = {
  access_token: canary,
  token_type: "Bearer",
  expires_in: 3600,
  refresh_token: `${canary}-r`,
  scope: "a b",
};
const refusal = { ...grant, error: "invalid_grant", error_description: "no" };

/** A store that holds one text, whatever it is. */
function register(text = null) {
  let value = text;
  return {
    read: () => value,
    compareAndSet(_key, expected, next) {
      if (value !== expected) return false;
      value = next;
      return true;
    },
  };
}

function client(dice, options) {
  const fetch = async () => {
    if (dice.one(2)) throw dice.pick([new TypeError(canary), undefined, null, canary]);
    return hostileAnswer(dice, dice.one(70) ? grant : refusal);
  };
  return initialize("demo", "key", { fetch, timeout: TIMEOUT, ...options });
}

async function login(dice) {
  const opened = await client(dice);
  for (let login = 0; login < 4; login += 1) await said(opened.login("alice", "pw"), holds);
  opened[Symbol.dispose]();
}

async function refresh(dice) {
  const opened = await client(dice, { reuseWindow: dice.pick([0, 5_000]) });
  const connection = await opened.adopt({ ...grant, expires_in: 0 });
  await said(connection.getAccessToken(), isToken);
  await said(connection.getAccessToken({ rejected: canary }), isToken);
  connection[Symbol.dispose]();
  opened[Symbol.dispose]();
}

async function stored(dice) {
  const persistence = register(hostileText(dice, record(dice)));
  const opened = await client(dice, { persistence });
  await said(opened.restore(), async (connection) => {
    if (connection) await holds(connection);
  });
  await said(opened.adopt(grant), holds);
  opened[Symbol.dispose]();
}

function record(dice) {
  const now = Date.now();
  return {
    v: 2,
    sid: "1-2-3-4",
    gen: dice.below(100),
    access_token: canary,
    refresh_token: dice.one(80) ? `${canary}-r` : undefined,
    scope: "a b",
    received_at: now - dice.below(120_000),
    expires_at: dice.one(80) ? now + dice.below(60_000) : undefined,
    past: dice.pick(["", "0123456789abc", "0123456789abc".repeat(8), "0123456789abc".repeat(513)]),
    unauthorized_at: dice.one(20) ? now - dice.below(600_000) : undefined,
    ended: dice.one(10)
      ? dice.pick(["signed_out", "invalid_grant", "response_lost", "replaced", "removed", "expired"])
      : undefined,
    attempt: dice.one(50) ? dice.below(1_000_000) : undefined,
    claim: dice.one(10) ? dice.below(1_000_000) : undefined,
    claim_number: 1,
    claim_for: dice.pick([0, 1, 100]),
    claim_locked: dice.below(2),
    cooldown_since: dice.one(20) ? now - dice.below(1_000) : undefined,
    cooldown_for: dice.pick([0, 500, 3_600_000]),
    failures: dice.below(10),
    sent_since: dice.one(20) ? now - dice.below(10_000) : undefined,
    sends: dice.one(20) ? dice.below(10) : undefined,
    refusals: dice.one(20) ? dice.below(4) : undefined,
  };
}

const OPTIONS = [
  ...["authUrl", "tokenEndpoint", "revocationEndpoint", "apiUrl", "allowedOrigins", "scope", "timeout", "reuseWindow"],
  ...["slot", "fetch", "persistence"],
];

async function options(dice) {
  const hostile = Object.fromEntries(OPTIONS.filter(() => dice.one(8)).map((name) => [name, dice.pick(values)]));
  if (Array.isArray(hostile.allowedOrigins)) hostile.allowedOrigins = [dice.pick(values)];
  const argument = (usual) => (dice.one(5) ? dice.pick(values) : usual);
  const given = dice.one(95) ? { fetch: async () => hostileAnswer(dice, grant), ...hostile } : dice.pick(values);
  const opening = initializeWithTenant(argument("demo"), argument(undefined), argument("key"), given);
  await said(opening, async (opened) => {
    const calls = [
      () => opened.login(argument("alice"), argument("pw"), argument(undefined)),
      () => opened.loginWithPersistance(argument("R1"), argument(undefined)),
      () => opened.adopt(dice.one(50) ? argument(grant) : JSON.parse(safely(hostileText(dice, grant)))),
    ];
    await said(dice.pick(calls)(), async (connection) => {
      const wanted = { minValidity: argument(undefined), rejected: argument(undefined) };
      await said(connection.getAccessToken(argument(wanted)), isToken);
    });
    opened[Symbol.dispose]();
  });
}

function safely(text) {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return "{}";
  }
}

async function holds(connection) {
  await said(connection.getAccessToken(), isToken);
  connection[Symbol.dispose]();
}

function isToken(token) {
  if (typeof token !== "string" || !/^[\w.~+/=-]+$/.test(token)) throw new Error(`no token: ${inspect(token)}`);
}

/** Resolves to something that is as it should be, or rejects with an error of this package that shows no token. */
async function said(promise, isRight) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    return checkError(error);
  }
  await isRight(result);
}

function checkError(error) {
  if (!(error instanceof MeshyError))
    throw new Error(`not one of this package's errors: ${inspect(error)}`, { cause: error });
  if (!CODES.has(error.code)) throw new Error(`unknown code ${error.code}`);
  if (error.retryAfter !== undefined && !(error.retryAfter >= 0 && error.retryAfter <= 3_600))
    throw new Error(`Retry-After ${error.retryAfter}`);
  const { error: said = "", error_description = "" } = error;
  const withoutWords = (text) =>
    [said, error_description].filter(Boolean).reduce((left, word) => left.replaceAll(word, ""), text);
  const shown = `${withoutWords(error.message)}${withoutWords(error.stack)}${error.cause}${JSON.stringify({ ...error, error: "", error_description: "" })}`;
  if (shown.includes(canary)) throw new Error(`shows the token: ${error.message}`);
  if (`${said}${error_description}`.length > 512) throw new Error("the server's words are too long");
}

/** How often of each hundred, and what. */
const kinds = [
  [40, login],
  [25, refresh],
  [20, stored],
  [15, options],
];

export function play(dice) {
  let at = dice.below(100);
  const [, kind] = kinds.find(([share]) => {
    at -= share;
    return at < 0;
  });
  return kind(dice);
}
