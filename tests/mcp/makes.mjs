import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as FirstClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { authorizedFetch, authProvider } from "../../pkg/mcp.js";

const ME = { name: "tests", version: "1.0.0" };

async function connected(client, transport) {
  await client.connect(transport);
  return client;
}

/** By package, and by what its transport is given: a connected client. */
export const makes = {
  "@modelcontextprotocol/client 2": (url, connection) => {
    const options = { authProvider: authProvider(connection) };
    return connected(new Client(ME), new StreamableHTTPClientTransport(new URL(url), options));
  },
  "@modelcontextprotocol/client 2, with a fetch": (url, connection) => {
    const options = { fetch: authorizedFetch(connection) };
    return connected(new Client(ME), new StreamableHTTPClientTransport(new URL(url), options));
  },
  "@modelcontextprotocol/sdk 1": (url, connection) => {
    const options = { fetch: authorizedFetch(connection) };
    return connected(new FirstClient(ME), new FirstTransport(new URL(url), options));
  },
};
