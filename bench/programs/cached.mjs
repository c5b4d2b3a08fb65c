import { callsWithin, perCall } from "../samples.js";
import { answer, asked } from "./program.mjs";

const { url, clients, rounds, milliseconds } = asked;
const contenders = [];
const lacking = {};
for (const { name, file } of clients) {
  try {
    const { open } = await import(file);
    const { token } = await open({ url });
    contenders.push({ name, token, count: await callsWithin(token, milliseconds), samples: [] });
  } catch ({ message }) {
    lacking[name] = message;
  }
}
for (let round = 0; round < rounds; round += 1) {
  for (const { token, count, samples } of contenders) samples.push(await perCall(token, count));
}
answer({ samples: Object.fromEntries(contenders.map(({ name, samples }) => [name, samples])), lacking });
