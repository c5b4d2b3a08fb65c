import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initializeWithTenant, longText, rejects, secret, server } from "../shared/client.mjs";

const hostile = `
  / a example.com //evil https: https:/a https:// https:///x ftp://a file:///a HTTPS://a
  javascript:alert(1) data:, blob:https://a/b http://example.com http://127.evil.com http://128.0.0.1
  http://127.0.0.1.evil.com http://1270.0.1 http://127.1 http://localhost.evil.com http://0.0.0.0
  http://evil.localhost. http://[::2] http://[::1].evil.com http://localhost:1@evil https://[::1
  https:\\\\a https://a\\b https://a/b\\c https://u@a https://u:p@a https://a@evil https://a?x https://a?
  https://a/b?x https://a#x https://a/b#x https://a/.. https://a/. https://a/../b
  https://a/b/./c https://a/b/.. https://a/%2e%2e/b https://a%2eb https://A
  https://a: https://a:/ https://a:b https://a:-1 https://a:+1 https://a:0x1 https://a:443
  https://a:123456 https://a:1:2 https://é.example https://a/é https://a/<b> https://a/" https://a/{b} https://a/\`
`
  .trim()
  .split(/\s+/);
const spaced = ["", " ", "https://a b", "https://a/b c", " https://a", "https://a ", "https://a\r\nb", "https://a\t"];
const endless = `https://a/${longText}`;
const notTexts = [null, 5, true, {}, new URL("https://a"), ["https://a"], Symbol(secret)];
const ordinary = `
  https://a https://a/ https://a.b-c.example:8443/d/e-f_g.h~ https://127.0.0.1 https://[2001:db8::1]:8443/a
  https://a/b:c http://localhost http://localhost:1 http://127.0.0.1:8080/x http://127.255.0.1 http://[::1]:1
  http://[::1]/x http://app.localhost http://a.b.localhost:8080/x
`
  .trim()
  .split(/\s+/);

function initialize(options) {
  return initializeWithTenant("demo", undefined, "demo-key", { fetch: server.fetch, ...options });
}

describe("a URL", () => {
  for (const argument of ["authUrl", "tokenEndpoint", "revocationEndpoint", "apiUrl"]) {
    test(`${argument} is https or on this machine, plain, and what a parser makes of it`, async () => {
      for (const value of [...hostile, ...spaced, endless, ...notTexts]) {
        const call = initialize({ [argument]: value });
        await rejects(call, { code: "invalid_argument", argument }).catch((error) => {
          throw new Error(String(value), { cause: error });
        });
      }
      for (const value of ordinary) assert.ok(await initialize({ [argument]: value }), value);
    });
  }

  test("with a slash at its end is the same", async () => {
    const urls = [];
    for (const authUrl of ["https://a", "https://a/"]) {
      await (await initialize({ authUrl })).login("alice", "pw");
      urls.push(server.requests.at(-1).url);
    }
    assert.deepEqual(urls, Array(2).fill("https://a/demo/connect/token"));
  });

  test("of an allowed origin has no path", async () => {
    const wrong = [...hostile, ...spaced, endless, ...notTexts, "https://a/b", "http://localhost/x"];
    for (const value of wrong) {
      const call = initialize({ allowedOrigins: ["https://b", value] });
      await rejects(call, { code: "invalid_argument", argument: "allowedOrigins" });
    }
    for (const value of [null, 5, "https://a", {}]) {
      await rejects(initialize({ allowedOrigins: value }), { code: "invalid_argument", argument: "allowedOrigins" });
    }
    for (const value of ["https://a", "https://a/", "https://a:8443", "http://localhost:1", "http://[::1]:1"]) {
      assert.ok(await initialize({ allowedOrigins: [value] }), value);
    }
  });
});
