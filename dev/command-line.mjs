import { parseArgs } from "node:util";
import { Faults, faultNames } from "./faults.mjs";
import { checkWhole, limits } from "./options.mjs";
import { defaultTenant } from "./seed.mjs";

const names = faultNames.join(", ").replaceAll(/(.{60,}?), /g, "$1,\n                                 ");

export const help = `An OAuth 2.0 authorization server for development, on 127.0.0.1

  meshydb-client-dev [options]
  meshydb-client-dev --chaos agents [options] -- COMMAND [ARGUMENTS]

  --port N                       8081 otherwise; 0 is any
  --user NAME:PASSWORD           a user, as often as you like; otherwise there are some
  --account NAME:PUBLIC_KEY      what the users belong to, demo:demo-public-key otherwise
  --tenant NAME                  and which tenant of it, ${defaultTenant} otherwise
  --access-token-lifetime N      seconds, 60 otherwise
  --refresh-token-lifetime N     seconds, two weeks otherwise
  --reuse-window N               seconds within which a spent refresh token is accepted again, 0 otherwise
  --fault NAME[:TIMES][,MEMBER=VALUE]
                                 what token requests meet, in this order; without TIMES until the end:
                                 ${names}
                                 with delay,milliseconds=N and too_many_requests,retry_after=N
                                 and redirect,origin=http://127.0.0.1:N
  --chaos agents                 plays rounds of COMMAND, many at once, that are killed, stopped and cut off, and says what was
                                 lost; its exit code is 1 if anything was. Access tokens live for 2 seconds then
  --sign-in COMMAND              what signs COMMAND in, as a line for a shell
  --rounds N                     24 otherwise
  --processes N                  at once, 4 otherwise
  --seed N                       repeats rounds; otherwise by chance
  --help`;

const options = {
  port: { type: "string", default: "8081" },
  user: { type: "string", multiple: true },
  account: { type: "string" },
  tenant: { type: "string" },
  "access-token-lifetime": { type: "string" },
  "refresh-token-lifetime": { type: "string" },
  "reuse-window": { type: "string" },
  fault: { type: "string", multiple: true },
  chaos: { type: "string" },
  "sign-in": { type: "string" },
  rounds: { type: "string" },
  processes: { type: "string" },
  seed: { type: "string" },
  help: { type: "boolean" },
};
const chaosLimits = { rounds: [1, 100_000], processes: [1, 100], seed: [0, 1_000_000_000] };
const chaosLifetime = 2;

/** What the command line asks for, as options of `startAuthorizationServer`; `chaos` is what is to be played beside that. */
export function readOptions(args) {
  try {
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    const { values } = parseArgs({ args: args.slice(0, end), options });
    const number = (name, range) => wholeNumber(`--${name}`, values[name], range);
    return {
      help: values.help,
      port: number("port", limits.port),
      accessTokenLifetime:
        number("access-token-lifetime", limits.accessTokenLifetime) ?? (values.chaos && chaosLifetime),
      refreshTokenLifetime: number("refresh-token-lifetime", limits.refreshTokenLifetime),
      reuseWindow: number("reuse-window", limits.reuseWindow),
      faults: readFaults(values.fault),
      ...people(values),
      chaos: readChaos(values, args.slice(end + 1), number),
    };
  } catch (error) {
    throw Object.assign(new Error(error.message), { isUsage: true });
  }
}

function readChaos({ chaos, fault, "sign-in": signIn, ...values }, command, number) {
  const given = Object.keys(chaosLimits).find((name) => values[name] !== undefined) ?? (signIn && "sign-in");
  if (chaos === undefined) {
    if (given) throw new Error(`--${given} is for --chaos agents`);
    if (command.length) throw new Error(`"${command.join(" ")}" after -- is for --chaos agents`);
    return undefined;
  }
  if (chaos !== "agents") throw new Error(`--chaos must be agents, not "${chaos}"`);
  if (fault) throw new Error("--chaos sets the faults: leave out --fault");
  if (!command.length) throw new Error("--chaos agents wants a command: write it after --, as at a prompt");
  const {
    rounds = 24,
    processes = 4,
    seed = Math.floor(Math.random() * 1e6),
  } = Object.fromEntries(Object.entries(chaosLimits).map(([name, range]) => [name, number(name, range)]));
  return { command, signIn, rounds, processes, seed };
}

function wholeNumber(name, text, range) {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : text;
  checkWhole(name, value, range, text);
  return value;
}

function people({ user, account, tenant }) {
  if (!user && (account || tenant)) throw new Error("--account and --tenant want a --user NAME:PASSWORD beside them");
  return user ? ownPeople(user, account, tenant) : {};
}

function ownPeople(user, account = "demo:demo-public-key", tenant = defaultTenant) {
  const [name, publicKey] = pair("account", account, "NAME:PUBLIC_KEY");
  const users = user.map((text) => {
    const [username, password] = pair("user", text, "NAME:PASSWORD");
    return { account: name, tenant, username, password };
  });
  return { accounts: [{ name, publicKey, tenants: [tenant] }], users };
}

function pair(option, text, form) {
  const [, ...parts] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (parts.length < 2) throw new Error(`--${option} must be ${form}, not "${text}"`);
  return parts;
}

function readFaults(texts = []) {
  const faults = texts.map((text) => {
    const [first, ...members] = text.split(",");
    const [name, ...times] = first.split(":");
    const entries = [...times.map((value) => ["times", value]), ...members.map((member) => member.split(/=(.*)/, 2))];
    return {
      name,
      ...Object.fromEntries(entries.map(([member, value]) => [member, /^\d+$/.test(value) ? Number(value) : value])),
    };
  });
  try {
    return new Faults(faults).left;
  } catch ({ message }) {
    throw new Error(message.replace(/^faults\[(\d+)\]\.?/, (_text, index) => `--fault ${texts[index]}: `));
  }
}
