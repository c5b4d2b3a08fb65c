import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { posix, win32 } from "node:path";
import process from "node:process";
import { exit, Failure } from "./output.mjs";

/** The server of a profile that names none: that of `npm start`. Put yours here. */
const SERVER = {
  issuer: "http://127.0.0.1:8081/demo",
  clientId: "demo-public-key",
  scope: "meshy.api offline_access",
  apiUrl: "http://127.0.0.1:8081/api/demo",
};

/** Where settings and sessions are, by the XDG Base Directory Specification, or as Windows has it. */
export function foldersOf({ platform, env, home }) {
  const isWindows = platform === "win32";
  const { isAbsolute, join } = isWindows ? win32 : posix;
  const inside = (name, ...otherwise) => {
    const base = isAbsolute(env[name] ?? "") ? env[name] : join(home, ...otherwise);
    return join(base, "meshy");
  };
  const [config, state] = isWindows
    ? [inside("APPDATA", "AppData", "Roaming"), inside("LOCALAPPDATA", "AppData", "Local")]
    : [inside("XDG_CONFIG_HOME", ".config"), inside("XDG_STATE_HOME", ".local", "state")];
  return { settings: join(config, "profiles.json"), sessions: join(state, "sessions") };
}

/** Which server a profile signs in at, as options of `createClient`, and the folder of the sessions. */
export async function readProfile(name) {
  const { settings, sessions } = foldersOf({ platform: process.platform, env: process.env, home: homedir() });
  return { server: await serverOf(name, settings), folder: sessions };
}

async function serverOf(name, file) {
  try {
    const profiles = JSON.parse(await readFile(file, "utf8"));
    return Object.hasOwn(profiles, name) ? profiles[name] : SERVER;
  } catch (error) {
    if (error.code === "ENOENT") return SERVER;
    throw new Failure(`${file} cannot be read: ${error.message}`, exit.failed);
  }
}
