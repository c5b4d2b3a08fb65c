import { fileURLToPath } from "node:url";
import { startAuthorizationServer } from "../../dev/authorization-server.mjs";
import { accounts, defaultTenant, users } from "../../dev/seed.mjs";
import { startPageServer } from "./page-server.mjs";

const account = accounts[0];
const accessTokenLifetime = 60;

try {
  await start();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

async function start() {
  const authorizationServer = await startAuthorizationServer({
    port: portFrom("AUTH_PORT", 8081),
    accessTokenLifetime,
    log: printTokenRequest,
  });
  const pageServer = await startPageServer({
    port: portFrom("PORT", 8080),
    root: fileURLToPath(new URL("..", import.meta.url)),
    packageRoot: fileURLToPath(new URL("../../pkg", import.meta.url)),
    config: {
      authUrl: authorizationServer.url,
      apiUrl: `${authorizationServer.url}/api`,
      accountName: account.name,
      publicKey: account.publicKey,
      accessTokenLifetime,
      users: users.filter((user) => user.account === account.name),
    },
  });

  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.once(signal, () => Promise.all([authorizationServer.close(), pageServer.close()]));
  }
  printAddresses(pageServer, authorizationServer);
}

function portFrom(variable, otherwise) {
  return Number(process.env[variable] || otherwise);
}

function printAddresses(pageServer, authorizationServer) {
  console.log(`demo page             ${pageServer.url}`);
  console.log(`authorization server  ${authorizationServer.url}`);
  console.log("\naccount  tenant   user   password");
  for (const { account, tenant, username, password } of users) {
    console.log([account.padEnd(7), tenant.padEnd(7), username.padEnd(5), password].join("  "));
  }
  console.log("\nStop with Ctrl+C.\n");
}

function printTokenRequest({ method, path, tenant, grant_type, status }) {
  if (method !== "POST") return;
  const note = [grant_type, tenant === defaultTenant ? null : `tenant ${tenant}`].filter(Boolean).join(", ");
  console.log(`${status} ${path}${note && `  ${note}`}`);
}
