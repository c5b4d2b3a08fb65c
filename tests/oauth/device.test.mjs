import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { createClient, serviceConnection, signInWithDevice } from "../../pkg/oauth.js";
import { rejects } from "../shared/client.mjs";
import { MemoryStore } from "../shared/stores.mjs";
import { inTime } from "../shared/time.mjs";

before(async () => {
  // Where time stands still, what is loaded does not count.
  for (const name of ["oauth-peer", "oauth-device-peer"]) await import(`../../pkg/${name}.js`);
});

const tokens = { access_token: "a", token_type: "Bearer", refresh_token: "r", expires_in: 60 };
const oauthError = (error) => Response.json({ error }, { status: 400 });

/** A device flow against these answers to its polls, and when they were asked for, in seconds. */
async function play(time, answers, { device = {}, ...options } = {}) {
  const polls = [];
  const fetch = async (url) => {
    const prompt = {
      device_code: "device-code",
      user_code: "USER",
      verification_uri: "https://a.example/d",
      expires_in: 60,
    };
    if (url.endsWith("/device")) return Response.json({ ...prompt, ...device });
    polls.push(time.passed / 1000);
    return answers.shift()();
  };
  const endpoints = { tokenEndpoint: "https://a.example/t", deviceAuthorizationEndpoint: "https://a.example/device" };
  const client = await createClient({ ...endpoints, clientId: "app", fetch });
  const shown = [];
  const signing = signInWithDevice(client, { show: (prompt) => shown.push(prompt), ...options });
  signing.catch(() => {});
  return { polls, shown, signing };
}

describe("a sign-in at another device", () => {
  test("asks at the interval, more seldom after slow_down and where no answer came", async () => {
    await inTime(async (time) => {
      const pending = () => oauthError("authorization_pending");
      const lost = () => Promise.reject(new TypeError("lost"));
      const answers = [pending, () => oauthError("slow_down"), pending, lost, () => Response.json(tokens)];
      const { polls, shown, signing } = await play(time, answers, { device: { interval: 2 } });
      assert.equal(await (await time.settling(signing)).connection.getAccessToken(), "a");
      assert.deepEqual(polls, [2, 4, 11, 18, 32]);
      assert.equal(shown.length, 1);
      assert.equal(shown[0].userCode, "USER");
      assert.equal(shown[0].verificationUri, "https://a.example/d");
    });
  });

  test("rejects where the user has denied, has not answered, or is given up", async () => {
    await inTime(async (time) => {
      const denied = await play(time, [() => oauthError("access_denied")]);
      await rejects(time.settling(denied.signing), { code: "refused", error: "access_denied" });
      const late = await play(
        time,
        Array(12).fill(() => oauthError("authorization_pending")),
      );
      await rejects(time.settling(late.signing), { code: "refused", error: "expired_token" });
      assert.equal(late.polls.length, 11);
      const controller = new AbortController();
      const given = await play(time, [], { signal: controller.signal });
      controller.abort();
      await rejects(time.settling(given.signing), { code: "aborted" });
      const script = await play(time, [], { device: { verification_uri: "javascript:alert(1)" } });
      await rejects(time.settling(script.signing), { code: "invalid_response" });
      await rejects(
        play(time, [], { show: 5 }).then(({ signing }) => signing),
        { argument: "show" },
      );
    });
  });

  for (const [interval, seconds] of [
    [0, 5],
    ["5", 5],
    ["7", 7],
    [null, 5],
    [-1, 5],
  ]) {
    test(`asks every ${seconds} seconds where the interval is ${JSON.stringify(interval)}`, async () => {
      await inTime(async (time) => {
        const answers = [() => oauthError("authorization_pending"), () => Response.json(tokens)];
        const { polls, signing } = await play(time, answers, { device: { interval } });
        await time.settling(signing);
        assert.deepEqual(polls, [seconds, 2 * seconds]);
      });
    });
  }

  for (const [what, interval, answers, polls] of [
    ["interval", 1e12, [], []],
    ["Retry-After", 5, [() => new Response("", { status: 503, headers: { "retry-after": "3600" } })], [5]],
  ]) {
    test(`ends when its code does, however long the ${what}`, async () => {
      await inTime(async (time) => {
        const played = await play(time, answers, { device: { interval } });
        await rejects(time.settling(played.signing), { code: "refused", error: "expired_token" });
        assert.equal(time.passed, 60_000);
        assert.deepEqual(played.polls, polls);
      });
    });
  }
});

describe("a service's session", () => {
  test("is renewed once for each expiry", async () => {
    await inTime(async (time) => {
      let sends = 0;
      const fetch = async () => Response.json({ access_token: `a${++sends}`, token_type: "Bearer", expires_in: 60 });
      const persistence = new MemoryStore();
      const options = { tokenEndpoint: "https://a.example/t", clientId: "app", fetch, persistence };
      const open = async () => serviceConnection(await createClient(options));
      const connections = await time.settling(Promise.all(Array.from({ length: 8 }, open)));
      for (let expiry = 1; expiry <= 50; expiry += 1) {
        const calls = connections.map((connection) => connection.getAccessToken());
        assert.deepEqual(new Set(await time.settling(Promise.all(calls))), new Set([`a${expiry}`]));
        await time.pass(60_001);
      }
      assert.equal(sends, 50);
    });
  });

  test("is for the resource that it names", async () => {
    const forms = [];
    const fetch = async (_url, { body }) =>
      forms.push(Object.fromEntries(new URLSearchParams(body))) && Response.json(tokens);
    const client = await createClient({ tokenEndpoint: "https://a.example/t", clientId: "app", fetch });
    await serviceConnection(client, { resource: "https://api.example", parameters: { audience: "b" } });
    const expected = {
      client_id: "app",
      grant_type: "client_credentials",
      resource: "https://api.example",
      audience: "b",
    };
    assert.deepEqual(forms, [expected]);
  });
});
