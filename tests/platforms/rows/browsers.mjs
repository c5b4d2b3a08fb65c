import { browserNames } from "../../shared/launch.mjs";
import { lacksWebKit, openBrowser } from "../browser.mjs";
import { checkPage, checkRefusal } from "../checks.mjs";
import { classicScript, entry, html } from "./bundlers.mjs";

const INSECURE = "insecure.test";
/** A name that leads to this machine, and so to pages that are no secure context. */
const mapped = {
  chromium: { args: [`--host-resolver-rules=MAP ${INSECURE} 127.0.0.1`] },
  firefox: { extraPrefsFirefox: { "network.dns.localDomains": INSECURE } },
};
const strict = ["default-src 'none'", "connect-src http://127.0.0.1:*", "img-src data:"];

const names = [...browserNames, "webkit"];
const titles = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };

const row = (what, name, run) => ({
  name: `${what}, ${titles[name]}`,
  run: async (kit) => {
    const why = name === "webkit" && lacksWebKit();
    return why ? { result: why } : run(kit);
  },
});

async function application(kit, ...policy) {
  const scripts = { "/main.js": await entry("main.js") };
  return kit.serve({ "/": html(classicScript), ...scripts }, policy.join("; "));
}

const worker = (kind) => (name) =>
  row(`${kind} worker`, name, async (kit) => {
    const scripts = { "/main.js": await entry("worker-page.js"), "/worker.js": await entry("worker.js") };
    const site = await kit.serve({ "/": html(classicScript), ...scripts });
    return { versions: await checkPage(kit, site, { name, hash: `#${kind}`, hasDocument: false }) };
  });

const allowed = (name) =>
  row("policy with 'wasm-unsafe-eval'", name, async (kit) => {
    const site = await application(kit, ...strict, "script-src 'self' 'wasm-unsafe-eval'");
    return { versions: await checkPage(kit, site, { name }) };
  });

const forbidden = (name) =>
  row("policy without it", name, async (kit) => {
    const site = await application(kit, ...strict, "script-src 'self'");
    const server = await kit.server();
    const { version, resultOf } = await openBrowser(kit, name);
    const isExpected = (problem) => /Content-Security-Policy: .* blocked WebAssembly/.test(problem);
    checkRefusal(await resultOf(`${site}?${server.url}`, isExpected), server, /'wasm-unsafe-eval'/);
    return { versions: version, result: "`unsupported`" };
  });

const insecure = (name) =>
  row("insecure origin", name, async (kit) => {
    const site = (await application(kit)).replace("127.0.0.1", INSECURE);
    const expected = { isSecureContext: false, hasLocks: false };
    return { versions: await checkPage(kit, site, { name, mapped: mapped[name], ...expected }) };
  });

export const browsers = [
  ...[worker("dedicated"), worker("service"), allowed, forbidden].flatMap((kind) => names.map(kind)),
  ...browserNames.map(insecure),
];
