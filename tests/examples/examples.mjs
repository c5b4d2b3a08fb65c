import { statSync, truncateSync, writeFileSync } from "node:fs";
import { cp, symlink, writeFile } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { close, listen } from "../../dev/http.mjs";
import { installPackage } from "../shared/installed.mjs";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));

/** Seconds that an access token lives by the clock of the test. */
const LIFETIME = 60;

/** An example beside the installed package, and a server that it is to use; one clock for them and the server. */
export async function setUpExample(name, { reuseWindow } = {}) {
  const pack = await installPackage();
  const clock = await startClock(pack.folder);
  const server = await startAuthorizationServer({ accessTokenLifetime: LIFETIME, reuseWindow });
  const line = await startLine(server.url);
  await cp(join(examples, name), join(pack.folder, name), { recursive: true });
  for (const peer of ["redis", "oauth4webapi"])
    await symlink(join(modules, peer), join(pack.folder, "node_modules", peer), "dir");
  return {
    folder: pack.folder,
    path: (file) => join(pack.folder, name, file),
    env: { ...clock.env, MESHY_URL: line.url },
    line,
    issuer: `${server.url}/demo`,
    setFaults: (faults) => server.setFaults(faults),
    /** Now the access token has expired, or this much of its life has passed. */
    expire: (share = 1) => clock.pass(share * LIFETIME * 1000),
    /** The grants that the server was asked for, and its answers. */
    grants: () =>
      server.requests.filter(({ grant_type }) => grant_type).map((entry) => [entry.grant_type, entry.status]),
    paths: () => server.requests.map(({ path }) => path),
    forget: () => {
      server.requests.length = 0;
    },
    async remove() {
      clock.stop();
      await line.close();
      await server.close();
      await pack.remove();
    },
  };
}

/** As many milliseconds later, for this process and those with its environment, as the file is long. */
async function startClock(folder) {
  const file = join(folder, "clock");
  const preload = join(folder, "clock.mjs");
  writeFileSync(file, "");
  await writeFile(
    preload,
    `import { statSync } from "node:fs";
    for (const clock of [Date, performance]) {
      const now = clock.now.bind(clock);
      clock.now = () => now() + statSync(${JSON.stringify(file)}).size;
    }`,
  );
  const { now } = Date;
  Date.now = () => now() + statSync(file).size;
  return {
    env: { NODE_OPTIONS: `--import=${pathToFileURL(preload)}` },
    pass: (ms) => truncateSync(file, statSync(file).size + ms),
    stop() {
      Date.now = now;
    },
  };
}

/** A proxy that can lead elsewhere, and hold a request. */
export async function startLine(origin) {
  let target = origin;
  let hold;
  const proxy = http.createServer(async (request, response) => {
    const held = hold?.method === request.method ? hold : undefined;
    if (held) hold = undefined;
    response.on("close", () => held?.leave());
    if (held && !held.isAnswer) await held.meet();
    if (response.destroyed) return;
    const { url, method, headers } = request;
    const forwarded = http.request(target + url, { method, headers, agent: false }, async (answer) => {
      if (held?.isAnswer) await held.meet();
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    request.pipe(forwarded);
  });
  return {
    url: `http://127.0.0.1:${await listen(proxy, 0)}`,
    lead(to = origin) {
      target = to;
    },
    /**
     * Holds the next request of this method, which goes no further if its sender is gone by then, or its answer. `left`
     * resolves when the sender is gone or has its answer.
     */
    hold(method, { isAnswer = false } = {}) {
      let arrive;
      let release;
      let leave;
      const arrived = new Promise((resolve) => {
        arrive = resolve;
      });
      const released = new Promise((resolve) => {
        release = resolve;
      });
      const left = new Promise((resolve) => {
        leave = resolve;
      });
      hold = { method, isAnswer, meet: () => arrive() ?? released, leave };
      return { arrived, release, left };
    },
    close: () => close(proxy),
  };
}
