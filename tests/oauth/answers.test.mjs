import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { claims, completeSignIn } from "../../pkg/oauth.js";
import { rejects } from "../shared/client.mjs";
import { asked, begin, comeBack, create, idToken, metadata, OIDC, serverOf, tokens } from "./issuer.mjs";

/**
 * A sign-in at a server whose token requests are answered in turn by what `answers` return; each is given the nonce of the
 * authorization request.
 */
async function signIn(answers, { wrap = (fetch) => fetch, ...options } = {}) {
  let nonce;
  const documents = {
    [OIDC]: Response.json(metadata),
    "/t": () => answers.shift()(nonce),
  };
  const begun = await begin({ scope: "openid", fetch: wrap(serverOf(documents)), ...options });
  nonce = begun.url.searchParams.get("nonce");
  comeBack(begun);
  return completeSignIn(begun.client);
}

async function refresh(connection) {
  return connection.getAccessToken({ rejected: await connection.getAccessToken() });
}

for (const status of [200, 201]) {
  test(`an answer of status ${status} has to have the ID token of this sign-in`, async () => {
    const answered = (members) => Response.json({ ...tokens, ...members }, { status });
    const invalid = { code: "invalid_response", retryable: false };
    await rejects(signIn([() => answered({ id_token: idToken({ nonce: "other" }) })]), invalid);
    await rejects(signIn([() => answered()]), invalid);
    const right = (nonce) => answered({ id_token: idToken({ nonce }) });
    const foreign = () => answered({ access_token: "b", id_token: idToken({ sub: "mallory" }) });
    const { connection } = await signIn([right, foreign]);
    assert.equal(await refresh(connection), "b");
    assert.equal(claims(connection).sub, "alice");
  });
}

test("a fetch whose bodies are streams of Node's discovers, signs in and refreshes", async () => {
  const wrap = (fetch) => async (url, init) => {
    const { status, ok, headers, body: web } = await fetch(url, init);
    const body = Readable.fromWeb(web);
    return { status, ok, headers, body, text: () => text(body) };
  };
  const signingIn = (nonce) => Response.json({ ...tokens, id_token: idToken({ nonce }) });
  const refreshing = () => Response.json({ ...tokens, access_token: "b" });
  const { connection } = await signIn([signingIn, refreshing], { wrap });
  assert.equal(claims(connection).sub, "alice");
  assert.equal(await refresh(connection), "b");
  assert.deepEqual(asked, [OIDC, "/t", "/t"]);
});

describe("a member that is null is as if it were missing", () => {
  const stopTheClock = (t) => t.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const shown = (connection) => {
    const { expiresAt, scope } = connection.getSnapshot();
    return [expiresAt, scope, connection.retrievePersistanceToken(), claims(connection)?.email];
  };

  for (const name of ["scope", "refresh_token", "id_token", "expires_in"]) {
    test(`${name} in the answer to a code`, async (t) => {
      stopTheClock(t);
      const opened = async (member) => {
        const answers = [() => Response.json({ ...tokens, scope: "b", [name]: member })];
        return shown((await signIn(answers, { scope: "a" })).connection);
      };
      assert.deepEqual(await opened(null), await opened(undefined));
    });

    test(`${name} in the answer to a refresh`, async (t) => {
      stopTheClock(t);
      const refreshed = async (member) => {
        const signingIn = (nonce) => Response.json({ ...tokens, id_token: idToken({ nonce, email: "old" }) });
        const next = { ...tokens, scope: "b", id_token: idToken({ email: "new" }), [name]: member };
        const { connection } = await signIn([signingIn, () => Response.json(next)]);
        await refresh(connection);
        return shown(connection);
      };
      assert.deepEqual(await refreshed(null), await refreshed(undefined));
    });
  }
});

test("the ID token of a login is that of its user, whoever was signed in before", async () => {
  const users = ["alice", "bob"];
  const documents = {
    [OIDC]: Response.json(metadata),
    "/t": () => Response.json({ ...tokens, id_token: idToken({ sub: users.shift() }) }),
  };
  const client = await create({ scope: "openid", fetch: serverOf(documents) });
  for (const username of [...users]) {
    const connection = await client.loginWithGrant("password", { username, password: "wonderland" });
    assert.equal(claims(connection).sub, username);
  }
});
