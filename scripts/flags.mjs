import { parseArgs } from "node:util";
import { StepError } from "./steps.mjs";

/** What the command line asks for: numbers, each with what it is otherwise, and one of the `parts` with `only`. */
export function flags({ parts, ...numbers }) {
  const names = [...Object.keys(numbers), ...(parts ? ["only"] : [])];
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
  try {
    const { only = "", ...texts } = parseArgs({ options }).values;
    if (only && !parts.includes(only)) throw new Error(`--only is one of ${parts.join(", ")}`);
    const asked = Object.entries(numbers).map(([name, otherwise]) => {
      const { [name]: text = String(otherwise) } = texts;
      if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} is a number`);
      return [name, Number(text)];
    });
    return { ...(parts && { only }), ...Object.fromEntries(asked) };
  } catch ({ message }) {
    throw new StepError(message);
  }
}

export function anySeed() {
  return 1 + Math.floor(Math.random() * 999_999);
}
