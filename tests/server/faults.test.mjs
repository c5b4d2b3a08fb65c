import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, beforeEach, describe, mock, test } from "node:test";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { faultNames } from "../../dev/faults.mjs";
import { close, listen } from "../../dev/http.mjs";

const users = [{ account: "demo", tenant: "default", username: "alice", password: "wonderland" }];
let server;
let elsewhere;
let visits = 0;
before(async () => {
  server = await startAuthorizationServer({ users, reuseWindow: 30 });
  elsewhere = createServer((_request, response) => {
    visits += 1;
    response.end();
  });
  elsewhere.origin = `http://127.0.0.1:${await listen(elsewhere, 0)}`;
});
after(() => Promise.all([server.close(), close(elsewhere)]));
beforeEach(() => {
  server.setFaults([]);
  server.requests.length = 0;
});

describe("a fault", () => {
  const answers = {
    lose_request: "no answer",
    lose_answer: "no answer",
    offline: "no answer",
    cut_body: "no answer",
    captive_portal: ({ status, type }) => status === 200 && type.startsWith("text/html"),
    login_redirect: ({ status, headers }) => status === 302 && headers.get("location") === "/login",
    redirect: ({ status, headers }) =>
      status === 307 && headers.get("location") === `${elsewhere.origin}/demo/connect/token`,
    too_many_requests: ({ status, headers }) => status === 429 && headers.get("retry-after") === "7",
    unavailable: ({ status }) => status === 503,
    delay: ({ status, body }) => status === 200 && body.refresh_token,
    huge: ({ status, text, body }) => status === 200 && text.length > 1_000_000 && body.refresh_token,
    deep: ({ status, body }) => status === 200 && Array.isArray(body.access_token) && !body.refresh_token,
    proto: ({ status, body }) => status === 200 && Object.hasOwn(body, "__proto__") && !body.access_token,
    bad_expires_in: ({ status, body }) => status === 200 && body.expires_in === "soon" && body.refresh_token,
    control_characters: ({ status, body }) => status === 200 && body.access_token.startsWith("\u0000"),
  };
  const members = {
    redirect: () => ({ origin: elsewhere.origin }),
    too_many_requests: () => ({ retry_after: 7 }),
    delay: () => ({ milliseconds: 1 }),
  };
  const isRotated = ["lose_answer", "delay", "cut_body", "huge", "deep", "proto", "bad_expires_in"];

  test("has a row in the tables here", () => {
    assert.deepEqual([...Object.keys(answers), "hang"].sort(), [...faultNames].sort());
  });

  for (const [name, expected] of Object.entries(answers)) {
    test(`is met once: ${name}`, async () => {
      const tokens = await logIn();
      server.setFaults([{ name, times: 1, ...members[name]?.() }]);
      const answer = await refresh(tokens).catch(() => "no answer");
      if (typeof expected === "string") assert.equal(answer, expected);
      else assert.ok(expected(answer), answer.text?.slice(0, 500));
      assert.deepEqual(server.faults, []);
      assert.equal((await refresh(tokens)).status, 200);
      assert.deepEqual(
        server.requests.map(({ grant_type, fault }) => [grant_type, fault]),
        [
          ["password", null],
          ["refresh_token", name],
          ["refresh_token", null],
        ],
      );
    });
  }

  for (const name of [...isRotated, "control_characters"]) {
    test(`comes after the rotation: ${name}`, async () => {
      const strict = await startAuthorizationServer();
      try {
        const tokens = await logIn(strict);
        strict.setFaults([{ name, times: 1, ...members[name]?.() }]);
        await refresh(tokens, strict).catch(() => {});
        assert.equal((await refresh(tokens, strict)).body.error, "invalid_grant");
      } finally {
        await strict.close();
      }
    });
  }

  test("is never answered: hang", async () => {
    const tokens = await logIn();
    server.setFaults([{ name: "hang", times: 1 }]);
    const controller = new AbortController();
    const request = refresh(tokens, server, controller.signal);
    while (server.requests.at(-1)?.fault !== "hang") await new Promise(setImmediate);
    controller.abort();
    await assert.rejects(request, { name: "AbortError" });
    assert.equal((await refresh(tokens)).status, 200);
  });

  test("concerns the API too, when it is offline", async () => {
    server.setFaults([{ name: "offline" }]);
    await assert.rejects(fetch(`${server.url}/api/demo/me`));
    await assert.rejects(fetch(`${server.url}/demo/connect/token`, { method: "OPTIONS" }));
    assert.equal((await fetch(`${server.url}/faults`, { method: "PUT", body: "[]" })).status, 200);
    assert.equal((await fetch(`${server.url}/api/demo/me`)).status, 401);
  });

  test("leaves everything else alone", async () => {
    const { access_token } = await logIn();
    server.setFaults([{ name: "unavailable", times: 1 }]);
    const headers = { Authorization: `Bearer ${access_token}` };
    assert.equal((await fetch(`${server.url}/api/demo/me`, { headers })).status, 200);
    const form = { token: "nothing", client_id: "demo-public-key" };
    const body = new URLSearchParams(form);
    assert.equal((await fetch(`${server.url}/demo/connect/revocation`, { method: "POST", body })).status, 200);
    assert.deepEqual(server.faults, [{ name: "unavailable", times: 1 }]);
  });

  test("leads elsewhere only who follows", async () => {
    const tokens = await logIn();
    server.setFaults([{ name: "redirect", times: 1, origin: elsewhere.origin }]);
    await refresh(tokens);
    assert.equal(visits, 0);
  });
});

describe("the faults", () => {
  test("are met in order, the last one until it is cleared", async () => {
    const tokens = await logIn();
    server.setFaults([{ name: "unavailable", times: 2 }, { name: "too_many_requests" }]);
    const statuses = [];
    for (let request = 0; request < 5; request++) statuses.push((await refresh(tokens)).status);
    assert.deepEqual(statuses, [503, 503, 429, 429, 429]);
    assert.deepEqual(server.faults, [{ name: "too_many_requests" }]);
    server.setFaults([]);
    assert.equal((await refresh(tokens)).status, 200);
  });

  test("are the same random ones for the same seed", async () => {
    const tokens = await logIn();
    const names = ["unavailable", "too_many_requests", "captive_portal"];
    const play = async (seed) => {
      server.setFaults({ seed, rate: 0.5, names });
      server.requests.length = 0;
      for (let request = 0; request < 30; request++) await refresh(tokens);
      return server.requests.map(({ fault }) => fault);
    };
    const once = await play(1);
    assert.deepEqual(await play(1), once);
    assert.notDeepEqual(await play(2), once);
    assert.deepEqual(new Set(once), new Set([null, ...names]));
  });

  test("can be given at the start", async () => {
    const own = await startAuthorizationServer({ faults: [{ name: "unavailable" }] });
    assert.deepEqual(own.faults, [{ name: "unavailable" }]);
    await own.close();
  });

  const known = faultNames.join(", ");
  const anOrigin = 'faults[0].origin must be an origin such as "http://127.0.0.1:9000"';
  const wrong = [
    ["nothing", 'faults must be a list, or an object with seed, rate and names, not "nothing"'],
    [[1], "faults[0] must be an object with a name, not 1"],
    [[{ name: "unavailable" }, { name: "sunshine" }], `faults[1].name must be one of ${known}, not "sunshine"`],
    [[{ name: "hang", times: 0 }], "faults[0].times must be a whole number of 1 or more, not 0"],
    [[{ name: "hang", milliseconds: 1 }], "faults[0].milliseconds is unknown here: there is name, times"],
    [
      [{ name: "delay", milliseconds: "1" }],
      'faults[0].milliseconds must be a whole number from 0 to 2147483647, not "1"',
    ],
    [
      [{ name: "delay", milliseconds: 3_000_000_000 }],
      "faults[0].milliseconds must be a whole number from 0 to 2147483647, not 3000000000",
    ],
    [
      [{ name: "too_many_requests", retry_after: -1 }],
      "faults[0].retry_after must be a whole number from 0 to 1000000000, not -1",
    ],
    [[{ name: "redirect" }], `${anOrigin}, not undefined`],
    [[{ name: "redirect", origin: "http://127.0.0.1:9000/" }], `${anOrigin}, not "http://127.0.0.1:9000/"`],
    [{ seed: 1, rate: 0.1 }, "faults.names must be a list of names, not undefined"],
    [{ seed: 1, rate: 0.1, names: ["rain"] }, `faults.names[0] must be one of ${known}, not "rain"`],
    [{ seed: 1, rate: 2, names: ["hang"] }, "faults.rate must be a number from 0 to 1, not 2"],
    [{ seed: 1, rate: "1", names: ["hang"] }, 'faults.rate must be a number from 0 to 1, not "1"'],
    [{ rate: 1, names: ["hang"] }, "faults.seed must be a whole number of 0 or more, not undefined"],
  ];
  for (const [faults, message] of wrong) {
    test(`say what is wrong with ${JSON.stringify(faults)}`, async () => {
      server.setFaults([{ name: "unavailable" }]);
      assert.throws(() => server.setFaults(faults), { name: "TypeError", message });
      const response = await fetch(`${server.url}/faults`, { method: "PUT", body: JSON.stringify(faults) });
      assert.equal(response.status, 400);
      assert.equal((await response.json()).error_description, message);
      assert.deepEqual(server.faults, [{ name: "unavailable" }]);
    });
  }

  test("are set and told over HTTP", async () => {
    const url = `${server.url}/faults`;
    const faults = [{ name: "delay", milliseconds: 5, times: 3 }];
    assert.deepEqual(await (await fetch(url, { method: "PUT", body: JSON.stringify(faults) })).json(), faults);
    assert.deepEqual(await (await fetch(url)).json(), faults);
    const { status } = await fetch(url, { method: "PUT", body: "{" });
    assert.equal(status, 400);
    assert.equal((await fetch(url, { method: "POST" })).status, 405);
    assert.equal(server.requests.length, 0);
  });

  test("are set by pages of this machine alone", async () => {
    const foreign = [
      ...["https://app.example", "http://localhost.app.example", "http://127.0.0.1.app.example"],
      ...["http://localhost:80.app.example", "null", "file://localhost", ""],
    ];
    const allowed = async (Origin) => {
      const headers = { Origin, "Access-Control-Request-Method": "PUT" };
      const response = await fetch(`${server.url}/faults`, { method: "OPTIONS", headers });
      return response.headers.get("access-control-allow-origin");
    };
    for (const origin of ["http://127.0.0.1:8080", "http://localhost:5173", "https://localhost"]) {
      assert.equal(await allowed(origin), origin);
    }
    for (const origin of foreign) assert.equal(await allowed(origin), null);
    server.setFaults([{ name: "hang" }]);
    for (const method of ["OPTIONS", "GET", "PUT"]) {
      for (const Origin of foreign) {
        const body = method === "PUT" ? "[]" : undefined;
        const response = await fetch(`${server.url}/faults`, { method, body, headers: { Origin } });
        assert.equal(response.status, 403, `${method} ${Origin}`);
        assert.match((await response.json()).error_description, /the Origin must be on localhost/);
      }
    }
    assert.deepEqual(server.faults, [{ name: "hang" }]);
  });
});

describe("a window of reuse", () => {
  test("takes a spent refresh token again, each time for another one, and ends the family afterwards", async () => {
    const first = await logIn();
    const at = Date.now();
    const clock = mock.method(Date, "now", () => at);
    try {
      const { body: second } = await refresh(first);
      clock.mock.mockImplementation(() => at + 29_000);
      const { body: third } = await refresh(first);
      assert.equal(new Set([first, second, third].map(({ refresh_token }) => refresh_token)).size, 3);
      assert.equal((await refresh(second)).status, 200);
      clock.mock.mockImplementation(() => at + 31_000);
      assert.equal((await refresh(first)).body.error, "invalid_grant");
      assert.equal((await refresh(third)).body.error, "invalid_grant");
    } finally {
      clock.mock.restore();
    }
  });

  test("takes tokens that come at once", async () => {
    const tokens = await logIn();
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(tokens)));
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(8).fill(200),
    );
  });
});

describe("the log", () => {
  test("tells refresh tokens apart by a hash", async () => {
    const tokens = await logIn();
    server.setFaults([{ name: "lose_request", times: 1 }]);
    await refresh(tokens).catch(() => {});
    const { body } = await refresh(tokens);
    await refresh(body);
    const [login, ...prints] = server.requests.map(({ fingerprint }) => fingerprint);
    assert.equal(login, null);
    assert.equal(prints[0], prints[1]);
    assert.notEqual(prints[0], prints[2]);
    for (const print of prints) assert.match(print, /^[\da-f]{16}$/);
  });
});

async function logIn({ url } = server) {
  const credentials = { username: "alice", password: "wonderland", scope: "meshy.api offline_access" };
  return (await post(url, { grant_type: "password", ...credentials })).body;
}

function refresh({ refresh_token }, { url } = server, signal = undefined) {
  return post(url, { grant_type: "refresh_token", refresh_token }, signal);
}

async function post(url, form, signal) {
  const body = new URLSearchParams({ client_id: "demo-public-key", ...form });
  const response = await fetch(`${url}/demo/connect/token`, { method: "POST", body, redirect: "manual", signal });
  const text = await response.text();
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  return { status, headers, type, text, body: type.startsWith("application/json") ? JSON.parse(text) : undefined };
}
