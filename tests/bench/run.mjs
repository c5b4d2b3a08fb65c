import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { launch } from "../shared/launch.mjs";
import { endWithUs } from "../shared/processes.mjs";
import { startSite } from "../shared/site.mjs";
import { pageScripts } from "./contenders.mjs";

const POLICY = "script-src 'self' 'wasm-unsafe-eval'";
const LIMIT = 1_800_000;
const PATIENCE = 15_000;
const pathOf = (program) => fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url));

/** Runs a program in a Node process of its own, to what it answers; `progress` is told each line of its standard error. */
export async function runProgram(program, asked, progress = () => {}) {
  const stdio = ["ignore", "pipe", "pipe", "ipc"];
  const options = { stdio, execArgv: ["--expose-gc"], timeout: LIMIT };
  const child = fork(pathOf(program), [JSON.stringify(asked)], options);
  endWithUs(child);
  let answer = "";
  let complaint = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    answer += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    complaint += text;
    for (const line of text.split("\n").filter(Boolean)) progress(line);
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`bench/programs/${program}.mjs failed (${code}):\n${complaint}`);
  return JSON.parse(answer);
}

/** A token endpoint in a process of its own, while `work` asks it. */
export async function withServer(work) {
  const child = fork(pathOf("server"));
  endWithUs(child);
  try {
    const [url] = await once(child, "message", { signal: AbortSignal.timeout(PATIENCE) });
    return await work(url);
  } finally {
    child.disconnect();
  }
}

export async function withBrowser(work) {
  const browser = await launch("chromium");
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}

/** Resolves to what `work` makes of the sites' addresses, one site for each contender. */
export async function withSites(contenders, work) {
  const sites = await Promise.all(contenders.map((contender) => startSite(pageScripts(contender), POLICY)));
  try {
    return await work(sites.map(({ url }) => url));
  } finally {
    await Promise.all(sites.map((site) => site.close()));
  }
}

/** A page of a site in a profile, whose scripts have run. */
export async function openPage(profile, url, query = "") {
  const page = await profile.newPage();
  await page.goto(`${url}/?${query}`);
  await page.waitForFunction(() => window.bench, { polling: 20 });
  return page;
}
