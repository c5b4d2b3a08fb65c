import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { start } from "./chaos-processes.mjs";
import { defaultTenant, accounts as seededAccounts } from "./seed.mjs";

const preload = new URL("chaos-clock.mjs", import.meta.url).href;
const shownLines = 10;

/** The command and its sign-in, which are told of the server by their environment, and in braces in their arguments. */
export function createWorld({ server, command, signIn, accounts = seededAccounts }) {
  const clock = startClock();
  const told = addresses(server, accounts);
  const env = { ...process.env, ...clock.env };
  for (const [name, value] of Object.entries(told)) env[`MESHYDB_DEV_${name.toUpperCase()}`] = value;
  const filled = (text) => text.replaceAll(/\{(\w+)\}/g, (braces, name) => told[name] ?? braces);
  const world = {
    server,
    clock,
    run: () => start(command.map(filled), { env }),
    async signIn() {
      if (!signIn) return;
      const { code, stderr } = await start([filled(signIn)], { env, shell: true }).ended;
      if (code !== 0) throw new Error(`--sign-in ends with ${code}: try that command by hand${quoted(stderr)}`);
    },
    /** Signs in, and runs the command alone and undisturbed: one that cannot do even that is not played with. */
    async begin() {
      await world.signIn();
      clock.forget();
      const { code, stderr, ms } = await world.run().ended.catch((error) => {
        throw cannotStart(command[0], error);
      });
      const advice = signIn ? "try it by hand after --sign-in" : "say with --sign-in how it is signed in";
      if (code !== 0)
        throw new Error(`the command ends with ${code}, alone and undisturbed: ${advice}${quoted(stderr)}`);
      return { ms, isNode: clock.isLoaded() };
    },
  };
  return world;
}

/** The end of what a process has said, without stacks. */
export function quoted(stderr) {
  const lines = stderr.split("\n").filter((line) => line.trim() && !/^\s+at /.test(line));
  const shown = lines.slice(-shownLines).map((line) => `\n  ${line}`);
  return shown.join("");
}

function addresses({ url }, [{ name, publicKey, tenants }]) {
  const home = `${name}${tenants[0] === defaultTenant ? "" : `/${encodeURIComponent(tenants[0])}`}`;
  return {
    url,
    issuer: `${url}/${home}`,
    token_endpoint: `${url}/${home}/connect/token`,
    api_url: `${url}/api/${home}`,
    client_id: publicKey,
  };
}

/** The clock of the Node processes that are started. It is put forward, and stays so. */
function startClock() {
  const folder = mkdtempSync(join(tmpdir(), "meshydb-client-dev-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "clock");
  const mark = `${file}-loaded`;
  let ahead = 0;
  const putForward = (ms) => {
    ahead += ms;
    writeFileSync(file, String(ahead));
  };
  putForward(0);
  const NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ""} --import=${preload}`.trim();
  return {
    env: { NODE_OPTIONS, MESHYDB_DEV_CLOCK: file },
    putForward,
    isLoaded: () => existsSync(mark),
    forget: () => rmSync(mark, { force: true }),
  };
}

function cannotStart(program, { code }) {
  const reason = code === "ENOENT" ? "there is no such program" : code;
  return new Error(`${program} cannot be started (${reason}): after -- comes the command as at a prompt`);
}
