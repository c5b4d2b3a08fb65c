import { perCall } from "../samples.js";
import { answer, asked } from "./program.mjs";

const { url, clients, rounds, milliseconds } = asked;
const contenders = [];
const lacking = {};
for (const { name, file } of clients) {
  try {
    const { open } = await import(file);
    const { token } = await open({ url });
    await perCall(token, milliseconds);
    contenders.push({ name, token, samples: [] });
  } catch ({ message }) {
    lacking[name] = message;
  }
}
for (let round = 0; round < rounds; round += 1) {
  for (const { token, samples } of contenders) samples.push(await perCall(token, milliseconds));
}
answer({ samples: Object.fromEntries(contenders.map(({ name, samples }) => [name, samples])), lacking });
