import { fetchAtOnce } from "../tokens.js";
import { answer, asked } from "./program.mjs";

globalThis.fetch = fetchAtOnce;
await (await fetchAtOnce()).text();
try {
  const start = performance.now();
  const { open } = await import(asked.file);
  const session = await open({ url: "http://127.0.0.1:1" });
  await session.token();
  answer({ milliseconds: performance.now() - start });
} catch ({ message }) {
  answer({ lacking: message });
}
