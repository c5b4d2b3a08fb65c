import { perCall } from "/samples.js";

const url = location.search.slice(1);
let token;

window.bench = {
  async open() {
    const { open } = await import("/client.js");
    ({ token } = await open({ url }));
  },
  sample: (milliseconds) => perCall(token, milliseconds),

  /** Milliseconds from the import to the first access token, where the network takes no time; of a stored session there is none. */
  async start(isStored) {
    const { fetchAtOnce } = await import("/tokens.js");
    window.fetch = isStored ? () => Promise.reject(new Error("the session is not stored")) : fetchAtOnce;
    await (await fetchAtOnce()).text();
    const start = performance.now();
    const { open } = await import("/client.js");
    const session = await open({ url: "http://127.0.0.1:1" });
    await session.token();
    return performance.now() - start;
  },
};
