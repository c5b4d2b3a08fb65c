let issued = 0;

/** What a token endpoint answers: JWTs as long as those that RS256 and HS512 have signed, which nobody did. */
export function tokenResponse() {
  issued += 1;
  const now = Math.floor(Date.now() / 1000);
  const jti = `${issued}`.padStart(32, "0");
  const claims = { iss: "https://auth.example", sub: "alice", iat: now, exp: now + 3600, jti };
  return {
    access_token: token({ alg: "RS256", typ: "at+jwt" }, claims, 342),
    token_type: "Bearer",
    expires_in: 3600,
    refresh_token: token({ alg: "HS512" }, claims, 86),
  };
}

function token(header, claims, signatureLength) {
  const parts = [header, claims].map((part) => btoa(JSON.stringify(part)).replaceAll("=", ""));
  return [...parts, "s".repeat(signatureLength)].join(".");
}

/** A `fetch` that answers at once. */
export async function fetchAtOnce() {
  return Response.json(tokenResponse());
}
