import { createServer } from "node:http";
import { listen, sendJson } from "../../../dev/http.mjs";
import { tokenResponse } from "../tokens.js";

/** Answers every form with tokens, until who started it closes the channel. */
const server = createServer((request, response) => {
  request.resume().on("end", () => sendJson(response, 200, tokenResponse()));
});
process.on("disconnect", () => process.exit());
process.send(`http://127.0.0.1:${await listen(server, 0)}/token`);
