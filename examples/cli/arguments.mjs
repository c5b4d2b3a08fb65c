import { parseArgs } from "node:util";
import { exit, Failure } from "./output.mjs";

const EVERYWHERE = {
  profile: { type: "string", value: "NAME", does: "another session: another user, or another server" },
  json: { type: "boolean", does: "one line of JSON" },
  help: { type: "boolean", does: "this text" },
};

/** What each command takes: operands in square brackets may be missing. */
export const commands = {
  login: {
    operands: ["[USER]"],
    options: { "no-browser": { type: "boolean", does: "sign in at another device" } },
    does: "sign in in the browser; as USER with a password",
  },
  whoami: { does: "ask the API who is signed in" },
  status: { does: "say what is stored, and ask nobody" },
  token: { does: "print a valid access token" },
  call: {
    operands: ["PATH"],
    options: {
      method: { type: "string", value: "METHOD", does: "GET; with data POST" },
      data: { type: "string", value: "JSON", does: "what to send; - is standard input" },
    },
    does: "ask the API, and print its answer",
  },
  logout: { does: "end the session, here and at the server" },
  completion: { operands: ["SHELL"], does: "print a script for bash, zsh or fish" },
};

export function optionsOf(name) {
  return { ...commands[name].options, ...EVERYWHERE };
}

export function help() {
  const line = (words, does) => `  ${words.padEnd(26)}${does}`;
  const lineOf = ([name, { value = "", does }]) => line(`--${name} ${value}`, does);
  const lines = Object.entries(commands).flatMap(([name, { operands = [], options = {}, does }]) => [
    line([name, ...operands].join(" "), does),
    ...Object.entries(options).map((option) => `  ${lineOf(option)}`),
  ]);
  return ["usage: meshy COMMAND [OPTIONS]", "", ...lines, "", ...Object.entries(EVERYWHERE).map(lineOf)].join("\n");
}

/** The command that is asked for, its operands and its options; `help` if nothing else is. */
export function readArguments(args, { MESHY_PROFILE }) {
  const [command] = parsed(args, optionsOfAll()).positionals;
  if (args.includes("--help") || args.length === 0) return { command: "help" };
  if (!Object.hasOwn(commands, command ?? "")) throw usage(`there is no command ${JSON.stringify(command ?? "")}`);
  const { values, positionals } = parsed(args, optionsOf(command));
  const [, ...operands] = positionals;
  const { operands: names = [] } = commands[command];
  const needed = names.filter((name) => !name.startsWith("["));
  if (operands.length < needed.length || operands.length > names.length || operands.includes(""))
    throw usage(`it is ${["meshy", command, ...names].join(" ")}`);
  const { profile = MESHY_PROFILE || "default", ...options } = values;
  if (profile === "") throw usage("a profile has a name");
  return { command, operands, profile, options };
}

function optionsOfAll() {
  return Object.assign({}, ...Object.keys(commands).map(optionsOf));
}

function parsed(args, options) {
  const described = Object.entries(options).map(([name, { type }]) => [name, { type }]);
  try {
    return parseArgs({ args, options: Object.fromEntries(described), allowPositionals: true });
  } catch ({ message }) {
    throw usage(message.split(". ")[0]);
  }
}

function usage(text) {
  return new Failure(`${text}: see meshy --help`, exit.usage);
}
