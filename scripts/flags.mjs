import { parseArgs } from "node:util";
import { StepError } from "./steps.mjs";

/** What the command line asks for: numbers, each with what it is otherwise, and one of the `parts` with `only`. */
export function flags({ parts, ...numbers }) {
  const names = [...Object.keys(numbers), ...(parts ? ["only"] : [])];
  const types = Object.fromEntries(names.map((name) => [name, "string"]));
  return parsed(types, ({ only = "", ...texts }) => {
    if (only && !parts.includes(only)) throw new Error(`--only is one of ${parts.join(", ")}`);
    const asked = Object.entries(numbers).map(([name, otherwise]) => {
      const { [name]: text } = texts;
      if (text === undefined) return [name, otherwise];
      if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${name} is a number`);
      return [name, Number(text)];
    });
    return { ...(parts && { only }), ...Object.fromEntries(asked) };
  });
}

/** What `read` makes of the command line, by the type of each option; what it cannot be made of is said. */
export function parsed(types, read = (values) => values) {
  const options = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
  try {
    return read(parseArgs({ options }).values);
  } catch ({ message }) {
    throw new StepError(message);
  }
}

export function anySeed() {
  return 1 + Math.floor(Math.random() * 999_999);
}
