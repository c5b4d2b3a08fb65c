import { realTime } from "/clock.js";

const id = crypto.randomUUID();
const channel = new BroadcastChannel("meshydb-client demo");
const listeners = new Set();

channel.onmessage = ({ data }) => tell(data);

/** Calls back with what each client does, in this tab and in every other of this site. */
export function follow(listener) {
  listeners.add(listener);
}

/** Tells all tabs what happens to a client. `line` is what all of its lines have: whose they are, and of which session. */
export function share(line) {
  return (event) => {
    const whole = { id, ...line, ...event, at: realTime() };
    tell({ ...whole, isHere: true });
    channel.postMessage(whole);
  };
}

/** `fetch`, and a line for each request and its answer, as a client of this package traces them. */
export function tracedFetch(say) {
  return async (url, init) => {
    const grant = init.body.get("grant_type");
    say({ type: "request", grant });
    try {
      const response = await fetch(url, init);
      say({ type: "answer", grant, status: response.status });
      if (isNewToken(grant, response)) say({ type: "rotated" });
      return response;
    } catch (error) {
      say({ type: "answer", grant, code: "network" });
      throw error;
    }
  };
}

function isNewToken(grant, { ok, headers }) {
  return grant === "refresh_token" && ok && headers.get("content-type").startsWith("application/json");
}

function tell(line) {
  for (const listener of listeners) listener(line);
}
