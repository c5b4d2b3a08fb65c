import { sendJson } from "./http.mjs";

const methods = { me: "GET", echo: "POST" };

/** A resource server that wants the Bearer token of this account and tenant. */
export async function answerApi(request, response, { resource, provider, account, tenant }) {
  if (request.method !== methods[resource]) {
    return sendJson(response, 405, { error: "method_not_allowed" }, { Allow: methods[resource] });
  }
  const token = await findLiveToken(provider, request.headers.authorization);
  if (!token) {
    const challenge = { "WWW-Authenticate": 'Bearer error="invalid_token"' };
    return sendJson(response, 401, { error: "invalid_token" }, challenge);
  }
  if (resource === "echo") {
    return sendJson(response, 200, {
      length: await countBytes(request),
      content_type: request.headers["content-type"] ?? null,
    });
  }
  sendJson(response, 200, {
    account,
    tenant,
    username: token.accountId,
    scope: token.scope,
    expires_in: Math.max(0, token.remainingTTL),
  });
}

async function findLiveToken(provider, authorization = "") {
  const [, value] = /^Bearer +([\w~+/.-]+=*)$/i.exec(authorization) ?? [];
  const token = await provider.AccessToken.find(value);
  return token && (await provider.Grant.find(token.grantId)) ? token : undefined;
}

async function countBytes(request) {
  let length = 0;
  for await (const chunk of request) length += chunk.length;
  return length;
}
