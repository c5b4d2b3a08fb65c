import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { close, listen } from "../../dev/http.mjs";
import { inOneBrowserAtLeast, newContext, newTab, until } from "../shared/browsers.mjs";
import { endsSession, judged, kinds, statuses } from "../shared/hostile-answers.mjs";
import { startSite } from "../shared/site.mjs";

const pageScript = `
  import { initialize } from "/pkg/index.js";

  const tokenEndpoint = location.search.slice(1) + "/token";
  const { now } = Date;
  let ahead = 0;
  Date.now = () => now() + ahead;

  /**
   * One session with an access token that has expired, and that is so old that a refusal is believed at once, after so
   * many failures that the next pause is longer than a call: what becomes of it when the server answers in that way.
   */
  async function outcomeOf(name) {
    const values = new Map();
    const persistence = {
      read: (key) => values.get(key) ?? null,
      compareAndSet: (key, expected, next) => {
        if (persistence.read(key) !== expected) return false;
        values.set(key, next);
        return true;
      },
    };
    const make = () => initialize("demo", "demo-key", { tokenEndpoint, persistence });
    await make().adopt({ access_token: "at", token_type: "Bearer", expires_in: 0, refresh_token: name });
    const [[key, text]] = values;
    const stored = JSON.parse(text);
    stored.received_at -= 120_000;
    stored.expires_at -= 120_000;
    values.set(key, JSON.stringify({ ...stored, cooldown_since: 1, cooldown_for: 1, failures: 8 }));
    const connection = await make().restore();
    const { code, status = null, retryable, error = null } = await connection.getAccessToken().catch((error) => error);
    const { state } = connection.getSnapshot();
    const kept = connection.retrievePersistanceToken();
    const record = JSON.parse([...values.values()][0]);
    const isKept = kept === name && record.refresh_token === name && record.access_token === "at" && record.gen === 1;
    return { connection, seen: { code, status, retryable, error, state, isKept } };
  }

  async function isWell(connection, name) {
    return (await connection.getAccessToken().catch(({ code }) => code)) === "good-" + name;
  }

  /** One after another in six rows: more requests at once would wait for a connection. */
  async function inRows(items, run) {
    const results = [];
    const entries = items.entries();
    const go = async () => {
      for (const [index, item] of entries) results[index] = await run(item);
    };
    await Promise.all(Array.from({ length: 6 }, go));
    return results;
  }

  const connections = new Map();

  window.seenOf = (answers) =>
    inRows(answers, async (name) => {
      const { connection, seen } = await outcomeOf(name);
      connections.set(name, connection);
      return seen;
    });

  /** Every pause after a failure is over, and the server answers well. */
  window.beWell = async () => {
    await fetch(location.search.slice(1) + "/good");
    ahead = 3_700_000;
  };

  window.areWell = (answers) => inRows(answers, (name) => isWell(connections.get(name), name));
  window.isReady = true;
`;
/** A refresh token asks for an answer by its number: an error whose words are in it would be kept back. */
const kindNames = Object.keys(kinds);
const mediaTypes = { invalid_grant: "application/json", HTML: "text/html" };

/** Answers the refresh token "status.number of the kind" in that way, until it is asked for /good. */
async function startTokenEndpoint(t, location) {
  let isGood = false;
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const name = new URLSearchParams(body).get("refresh_token");
    response.setHeader("Access-Control-Allow-Origin", "*");
    if (request.url === "/good") {
      isGood = true;
      return response.end();
    }
    if (isGood) {
      response.setHeader("Content-Type", "application/json");
      return response.end(
        JSON.stringify({ access_token: `good-${name}`, token_type: "Bearer", refresh_token: "next" }),
      );
    }
    const [status, number] = name.split(".");
    const kind = kindNames[number];
    if (status < 200) return response.socket.end(`HTTP/1.1 ${status} Status\r\nConnection: close\r\n\r\n`);
    if (mediaTypes[kind]) response.setHeader("Content-Type", mediaTypes[kind]);
    if (location) response.setHeader("Location", location);
    response.writeHead(Number(status));
    response.end(kinds[kind]);
  });
  const port = await listen(server, 0);
  t.after(() => close(server));
  return `http://127.0.0.1:${port}`;
}

/** Where another origin would find that it was asked. */
async function startElsewhere(t) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(200, { "Access-Control-Allow-Origin": "*", "Content-Type": "application/json" });
    response.end(kinds.tokens);
  });
  const port = await listen(server, 0);
  t.after(() => close(server));
  return { url: `http://127.0.0.1:${port}/token`, asked };
}

const noAnswer = { code: "network", status: null, retryable: true };
const hidden = { code: "invalid_response", status: 0, retryable: false };
/** What fetch keeps to itself, or changes, and what a page sees of it. */
function seenAs(status, kind, isFirefox) {
  // The answer to come never does.
  if (status < 200) return noAnswer;
  // To follow it is forbidden, and fetch hides it (opaqueredirect, whose status is 0), with a Location or without.
  if (redirects.includes(status)) return hidden;
  // Proxy authentication that no proxy has asked for: Firefox hands it out all the same.
  if (status === 407 && !isFirefox) return noAnswer;
  return judged(status, kind);
}

/** Firefox repeats a request after 421. Some of its versions join the headers of both answers: no media type of JSON any more. */
function hasJoinedHeaders(status, { error }, isFirefox) {
  return status === 421 && isFirefox && error === null;
}

function expectedOf(status, kind, isFirefox) {
  const ended = { code: "session_ended", status, retryable: false, error: "invalid_grant", state: "ended" };
  if (endsSession(status, kind)) return { ...ended, isKept: false, isWell: false };
  return { error: null, ...seenAs(status, kind, isFirefox), state: "active", isKept: true, isWell: true };
}

const redirects = [301, 302, 303, 307, 308];
const sample = [100, 101, 103, 200, 204, 205, ...statuses, ...redirects, 407];
const all = sample.flatMap((status) => ["invalid_grant", "HTML", "nothing"].map((kind) => [status, kind]));

let site;
before(async () => {
  site = await startSite({ "/page.js": pageScript }, "script-src 'self' 'wasm-unsafe-eval'");
});
after(() => site.close());

/** A page is asked for no more at once than it can do while the browser's driver waits. */
async function inParts(items, run) {
  const results = [];
  for (let from = 0; from < items.length; from += 50) results.push(...(await run(items.slice(from, from + 50))));
  return results;
}

inOneBrowserAtLeast((browser) => {
  async function compare(t, rows, endpoint) {
    const { page } = await newTab(await newContext(t, browser()), `${site.url}/?${endpoint}`);
    await until(page, () => window.isReady);
    const answers = rows.map(([status, kind]) => `${status}.${kindNames.indexOf(kind)}`);
    const isFirefox = (await browser().version()).startsWith("firefox");
    const seen = await inParts(answers, (part) => page.evaluate((some) => window.seenOf(some), part));
    await page.evaluate(() => window.beWell());
    const areWell = await inParts(answers, (part) => page.evaluate((some) => window.areWell(some), part));
    for (const [index, [status, kind]] of rows.entries()) {
      const outcome = { ...seen[index], isWell: areWell[index] };
      const expected = expectedOf(status, hasJoinedHeaders(status, outcome, isFirefox) ? "nothing" : kind, isFirefox);
      assert.deepEqual(outcome, expected, `${status} with ${kind}`);
    }
  }

  test("each status is what it is in Node, or fetch keeps it to itself, and invalid_grant alone ends a session", async (t) => {
    await compare(t, all, await startTokenEndpoint(t));
    t.diagnostic(`${all.length} answers`);
    assert.ok(all.length >= 180);
  });

  test("nothing arrives where a redirect points to", async (t) => {
    const elsewhere = await startElsewhere(t);
    await compare(
      t,
      all.filter(([status]) => [...redirects, 300, 304, 305, 306].includes(status)),
      await startTokenEndpoint(t, elsewhere.url),
    );
    assert.deepEqual(elsewhere.asked, []);
  });
});
