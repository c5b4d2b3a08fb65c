import { existsSync } from "node:fs";
import { defaultTenant, users } from "../../dev/seed.mjs";
import { startDemo } from "./demo.mjs";

try {
  await start();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

async function start() {
  if (!existsSync(new URL("../../pkg/index.js", import.meta.url))) {
    throw new Error("pkg/ is not built: run `npm run build` first, or `npm start`, which does both.");
  }
  const demo = await startDemo({
    port: portFrom("PORT", 8080),
    authPort: portFrom("AUTH_PORT", 8081),
    log: printTokenRequest,
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => demo.close());
  printAddresses(demo);
}

function portFrom(variable, otherwise) {
  return Number(process.env[variable] || otherwise);
}

function printAddresses({ url, pairs }) {
  console.log(`demo page             ${url}`);
  for (const { reuseWindow, ours, naive } of pairs) {
    const words = reuseWindow === 0 ? "never takes a spent refresh token" : `takes it again for ${reuseWindow} s`;
    console.log(`authorization server  ${ours.url}  ${words}; for the naive client: ${naive.url}`);
  }
  console.log("\naccount  tenant   user   password");
  for (const { account, tenant, username, password } of users) {
    console.log([account.padEnd(7), tenant.padEnd(7), username.padEnd(5), password].join("  "));
  }
  console.log("\nStop with Ctrl+C.\n");
}

function printTokenRequest({ whose, method, path, tenant, grant_type, status, fault }) {
  if (method !== "POST") return;
  const note = [grant_type, tenant === defaultTenant ? null : `tenant ${tenant}`, fault, whose === "naive" && whose];
  console.log([status ?? "---", path, note.filter(Boolean).join(", ")].join("  "));
}
