const BODY_LIMIT = 65_536;

/** A token request by hand with the safeguards of the package: one deadline, no redirect, a limited body, JSON alone. */
export async function requestTokens(url, form, timeout = 10_000) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), timeout);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
      body: new URLSearchParams(form).toString(),
      signal: controller.signal,
      redirect: "manual",
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    if (!/^application\/json[ \t]*(;|$)/i.test(response.headers.get("content-type"))) throw new Error("not JSON");
    return JSON.parse(await limitedText(response.body));
  } finally {
    clearTimeout(timer);
  }
}

async function limitedText(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (let left = BODY_LIMIT; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    left -= value.byteLength;
    if (left < 0) {
      reader.cancel().catch(() => {});
      throw new Error("too large");
    }
    text += decoder.decode(value, { stream: true });
  }
}
