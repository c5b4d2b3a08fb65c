import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { authorizedFetch, authProvider } from "../../pkg/mcp.js";

const ME = { name: "tests", version: "1.0.0" };

/** By package: a connected client of it. */
export const makes = {
  "@modelcontextprotocol/client 2": async (url, connection) => {
    const client = new Client(ME);
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: authProvider(connection) });
    await client.connect(transport);
    return client;
  },
  "@modelcontextprotocol/sdk 1": async (url, connection) => {
    const client = new FirstClient(ME);
    await client.connect(new FirstTransport(new URL(url), { fetch: authorizedFetch(connection) }));
    return client;
  },
};
