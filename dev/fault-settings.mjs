import { text } from "node:stream/consumers";
import { sendJson } from "./http.mjs";

const ownOrigin = /^https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?$/;

/** `GET /faults` tells what is left, `PUT /faults` sets others: for pages and programs of this machine. */
export async function answerFaults(request, response, faults) {
  const { method, headers } = request;
  if (ownOrigin.test(headers.origin)) {
    response.setHeader("Access-Control-Allow-Origin", headers.origin);
    response.setHeader("Access-Control-Allow-Methods", "GET, PUT");
    response.setHeader("Access-Control-Allow-Headers", "Content-Type");
  }
  response.setHeader("Vary", "Origin");
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
