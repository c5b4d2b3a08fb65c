import { text } from "node:stream/consumers";
import { isOfThisMachine, sendJson } from "./http.mjs";

/** `GET /faults` tells what is left, `PUT /faults` sets others: for pages and programs of this machine. */
export async function answerFaults(request, response, faults) {
  const { method } = request;
  const { origin } = request.headers;
  response.setHeader("Vary", "Origin");
  if (origin !== undefined) {
    const [, host] = /^https?:\/\/(.*)$/.exec(origin) ?? [];
    if (!isOfThisMachine(host)) return refuseOrigin(response);
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Allow-Methods", "GET, PUT");
    response.setHeader("Access-Control-Allow-Headers", "Content-Type");
  }
  if (method === "OPTIONS") return response.writeHead(204).end();
  if (method === "GET") return sendJson(response, 200, faults.left);
  if (method !== "PUT") return sendJson(response, 405, { error: "method_not_allowed" }, { Allow: "GET, PUT" });
  try {
    faults.set(JSON.parse(await text(request)));
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    const sentence = error instanceof TypeError ? error.message : "the body must be JSON: a list of faults";
    return sendJson(response, 400, { error: "invalid_request", error_description: sentence });
  }
  sendJson(response, 200, faults.left);
}

function refuseOrigin(response) {
  const sentence = "pages of this machine alone set faults: the Origin must be on localhost or a loopback address";
  sendJson(response, 403, { error: "forbidden", error_description: sentence });
}
