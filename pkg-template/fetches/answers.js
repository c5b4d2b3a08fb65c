import { failure } from "./errors.js";

/** Bytes of a document or an answer that are read. */
const BODY_LIMIT = 65_536;

/** Not every fetch has a stream. */
export async function readText(response) {
  const reader = response.body?.getReader?.();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = reader ? "" : await response.text();
  let left = BODY_LIMIT - text.length;
  while (reader && left >= 0) {
    const { done, value } = await reader.read();
    text += decoder.decode(value, { stream: !done });
    if (done) return text;
    left -= value.byteLength;
  }
  if (left >= 0) return text;
  reader?.cancel().catch(() => {});
  throw failure("invalid_response", "the answer is too long", { status: response.status });
}

/** The payload of a JWT, or null for what is none. */
export function payloadOf(token) {
  try {
    const text = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0))));
  } catch {
    return null;
  }
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
