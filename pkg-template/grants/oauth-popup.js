import { failure } from "../fetches/errors.js";
import { stateOf } from "./oauth-client.js";
import { finish, prepare } from "./oauth-code.js";
import { abortable, checkOwn, checkSignal } from "./oauth-errors.js";
import { POPUP } from "./oauth-transaction.js";

/** With the `state` of a popup the name of the channel on which its answer comes. */
const CHANNEL = "meshydb-client-oauth:";
/** Milliseconds between two looks at whether the user has closed it. */
const LOOK = 300;

export async function signInWithPopup(client, options) {
  const state = stateOf(client);
  if (!globalThis.document) throw failure("unsupported", "it is for pages");
  checkOwn(options?.redirectUri, "redirectUri");
  checkSignal(options.signal);
  const popup = window.open("", "_blank", options.features ?? "popup,width=480,height=640");
  if (!popup) throw failure("unsupported", "the browser has blocked the popup: begin this in a click");
  try {
    const { url, transaction } = await prepare(state, options, POPUP);
    const answering = answerOf(popup, transaction.state, options.signal);
    popup.location.replace(url);
    return await finish(state, new URLSearchParams(await answering), transaction);
  } finally {
    popup.close();
  }
}

/** The answer that the popup's page hands on. What comes within one look of its end counts. */
function answerOf(popup, state, signal) {
  return abortable(signal, (resolve, reject) => {
    const channel = new BroadcastChannel(CHANNEL + state);
    channel.onmessage = ({ data }) => {
      channel.postMessage(null);
      resolve(data);
    };
    let wasClosed = false;
    const timer = setInterval(() => {
      if (wasClosed) reject(failure("aborted", "the popup was closed"));
      wasClosed = popup.closed;
    }, LOOK);
    return () => {
      clearInterval(timer);
      channel.close();
    };
  });
}

export function completePopup() {
  const { search = "" } = globalThis.location ?? {};
  const state = new URLSearchParams(search).get("state");
  if (!state?.startsWith(POPUP)) return false;
  const channel = new BroadcastChannel(CHANNEL + state);
  channel.onmessage = () => window.close();
  channel.postMessage(search);
  return true;
}
