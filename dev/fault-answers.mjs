const portal = "<!doctype html><title>Welcome</title><p>Accept the terms to use this network.</p>";
const hugeBytes = 1_048_576;
const levels = 20_000;

/** Faults that the provider never hears of, by name. */
export const interruptions = {
  lose_request: (_request, response) => response.destroy(),
  offline: (_request, response) => response.destroy(),
  hang: () => {},
  captive_portal: (_request, response) => send(response, 200, portal, { "Content-Type": "text/html; charset=utf-8" }),
  login_redirect: (_request, response) => send(response, 302, "", { Location: "/login" }),
  redirect: (request, response, { origin }) => send(response, 307, "", { Location: origin + request.url }),
  too_many_requests: (_request, response, { retry_after = 1 }) =>
    send(response, 429, "", { "Retry-After": String(retry_after) }),
  unavailable: (_request, response) => send(response, 503, ""),
};

/** What becomes of the provider's answer, by name: it has answered, and if that was a rotation, it has happened. */
export const spoilers = {
  lose_answer: (response) => response.destroy(),
  delay: (response, text, { milliseconds = 1_000 }) => setTimeout(() => response.end(text), milliseconds).unref(),
  cut_body: (response, text) => response.write(text.slice(0, text.length / 2), () => response.destroy()),
  huge: (response, text) => replace(response, text.replace("{", `{"padding":"${"x".repeat(hugeBytes)}",`)),
  deep: (response) => replace(response, `{"access_token":${"[".repeat(levels)}${"]".repeat(levels)}}`),
  proto: (response, text) => replace(response, `{"__proto__":${text}}`),
  bad_expires_in: (response, text) => replace(response, JSON.stringify({ ...JSON.parse(text), expires_in: "soon" })),
  control_characters: (response, text) => replace(response, text.replaceAll(/:"/g, ':"\\u0000\\u001b[2J\\r\\n')),
};

function send(response, status, text, headers = {}) {
  response.writeHead(status, headers);
  response.end(text);
}

function replace(response, text) {
  response.setHeader("Content-Length", Buffer.byteLength(text));
  response.end(text);
}
