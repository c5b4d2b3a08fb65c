import { once } from "node:events";

/** Whether a host, with or without a port, names this machine: no other machine's name server can have a say in that. */
export function isOfThisMachine(host) {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1])(:\d+)?$/i.test(host);
}

/** Listens on 127.0.0.1 alone. The system chooses the port when asked for 0; `other` is what else to set. */
export async function listen(server, port, other) {
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  } catch (error) {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(`port ${port} is in use: stop what listens there or set ${other}`, { cause: error });
  }
  return server.address().port;
}

/** Closes at once, whatever is under way. */
export function close(server) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

export function sendJson(response, status, body, headers = {}) {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store", ...headers });
  response.end(JSON.stringify(body));
}

/** Prints what went wrong here; a client that went away did not. */
export function report(error) {
  if (!["ECONNRESET", "EPIPE"].includes(error.code)) console.error(error);
}
