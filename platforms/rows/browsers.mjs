import { browserNames } from "../../tests/browser/launch.mjs";
import { checkPage, checkRefusal } from "../checks.mjs";
import { browserVersion, work } from "../kit.mjs";
import { bundled, classicScript, html } from "./bundlers.mjs";

const INSECURE = "insecure.test";
/** A name that leads to this machine, and so to pages that are no secure context. */
const mapped = {
  chromium: { args: [`--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`] },
  firefox: { extraPrefsFirefox: { "network.dns.localDomains": INSECURE } },
};
const strict = ["default-src 'none'", "connect-src http://127.0.0.1:*", "img-src data:"];

const entry = (name) => bundled({ entryPoints: [`${work}/app/${name}`], format: "iife" });
const title = (name) => name[0].toUpperCase() + name.slice(1);

async function application(kit, policy) {
  return kit.serve({ "/": html(classicScript), "/main.js": await entry("main.js") }, policy);
}

const worker = (kind, name) => ({
  name: `${kind} worker, ${title(name)}`,
  run: async (kit) => {
    const scripts = { "/main.js": await entry("worker-page.js"), "/worker.js": await entry("worker.js") };
    const site = await kit.serve({ "/": html(classicScript), ...scripts });
    return { versions: await checkPage(kit, site, { name, hash: `#${kind}`, hasDocument: false }) };
  },
});

const allowed = (name) => ({
  name: `policy with 'wasm-unsafe-eval', ${title(name)}`,
  run: async (kit) => {
    const site = await application(kit, [...strict, "script-src 'self' 'wasm-unsafe-eval'"].join("; "));
    return { versions: await checkPage(kit, site, { name }) };
  },
});

const forbidden = (name) => ({
  name: `policy without it, ${title(name)}`,
  run: async (kit) => {
    const site = await application(kit, [...strict, "script-src 'self'"].join("; "));
    const server = await kit.server();
    const browser = await kit.browser(name);
    const isExpected = (problem) => /Content-Security-Policy: .* blocked WebAssembly/.test(problem);
    const result = await kit.resultOf(browser, `${site}/?${server.url}`, isExpected);
    checkRefusal(result, server, /'wasm-unsafe-eval'/);
    return { versions: await browserVersion(browser), result: "`unsupported`" };
  },
});

const insecure = (name) => ({
  name: `insecure origin, ${title(name)}`,
  run: async (kit) => {
    const site = (await application(kit)).replace("127.0.0.1", INSECURE);
    const browser = await kit.browser(name, mapped[name]);
    return { versions: await checkPage(kit, site, { browser, isSecureContext: false, hasLocks: false }) };
  },
});

export const browsers = [
  ...["dedicated", "service"].flatMap((kind) => browserNames.map((name) => worker(kind, name))),
  ...[allowed, forbidden, insecure].flatMap((kind) => browserNames.map(kind)),
];
