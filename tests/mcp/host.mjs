import process from "node:process";
import { setTimeout as rest } from "node:timers/promises";
import { createClient } from "../../pkg/mcp.js";
import { fileStore } from "../../pkg/node.js";
import { answerCalls } from "../shared/calls.mjs";
import { makes } from "./makes.mjs";

/** Milliseconds between two calls. */
const REST = 50;
const { url, folder, make } = JSON.parse(process.argv[2]);
process.on("disconnect", () => process.exit());

const client = await createClient({ url, persistence: fileStore(folder) });
const mcp = await makes[make](url, await client.restore());

answerCalls({
  /** Calls a tool again and again until the time is over, and says what came of it. */
  async work(until) {
    const losses = [];
    let calls = 0;
    for (; Date.now() < until; calls++) {
      await rest(REST);
      try {
        const { content } = await mcp.callTool({ name: "whoami" });
        if (content[0].text !== "alice") losses.push(content[0].text);
      } catch (error) {
        losses.push(String(error));
      }
    }
    return { calls, losses };
  },
});
