import { parseArgs } from "node:util";
import { StepError } from "./steps.mjs";

/** What the command line asks for: numbers and, where it is otherwise false, whether; and one of the `parts` with `only`. */
export function flags({ parts, ...others }) {
  const typeOf = (otherwise) => (otherwise === false ? "boolean" : "string");
  const types = Object.fromEntries(Object.entries(others).map(([name, otherwise]) => [name, typeOf(otherwise)]));
  return parsed(parts ? { ...types, only: "string" } : types, ({ only = "", ...given }) => {
    if (only && !parts.includes(only)) throw new Error(`--only is one of ${parts.join(", ")}`);
    const asked = Object.entries(others).map(([name, otherwise]) => {
      const { [name]: value = otherwise } = given;
      if (typeof value !== "string") return [name, value];
      if (!/^[1-9]\d{0,8}$/.test(value)) throw new Error(`--${name} is a number`);
      return [name, Number(value)];
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
