import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { installPackage } from "../shared/installed.mjs";

const typeRoots = [fileURLToPath(new URL("../../node_modules/@types", import.meta.url))];

// The whole interface. What must not compile says so.
const uses = `
import {
  type CallOptions,
  type ClientOptions,
  type ClientPromise,
  type ClientSnapshot,
  initialize,
  initializeWithTenant,
  MeshyClient,
  type MeshyClient as Client,
  type MeshyConnection,
  MeshyError,
  type MeshyErrorCode,
  type SessionSnapshot,
  type SessionStore,
  type TokenSet,
  type TraceEvent,
} from "meshydb-client";
import { jsonEndpoint, type JsonTokens } from "meshydb-client/json";
import { authorizedFetch, authProvider, createClient as createToolClient, type InsufficientScope, type McpOptions } from "meshydb-client/mcp";
import { fileStore } from "meshydb-client/node";
import { claims, type Claims, completePopup, completeSignIn, createClient, type OAuthOptions, serviceConnection, type SignedIn, signInWithDevice, signInWithLoopback, signInWithPopup, signInWithRedirect, signOutWithRedirect } from "meshydb-client/oauth";
import { type RedisLike, redisStore } from "meshydb-client/redis";
import { keepRefreshing, serviceWorker } from "meshydb-client/service-worker";
import { type StoreTest, storeTests } from "meshydb-client/store-tests";

const store: SessionStore = {
  read: (key: string) => (key ? "" : null),
  compareAndSet: async (key: string, expected: string | null, next: string | null) => key === expected && next === null,
  watch: (_key, changed) => {
    changed();
    return () => {};
  },
};
const bare: SessionStore = { read: async () => null, compareAndSet: () => true };
const locked: SessionStore = {
  ...bare,
  lock: async (key, signal, run) => (signal.aborted ? Promise.reject(key) : run()),
};
const everything: ClientOptions = {
  authUrl: "https://auth.example",
  apiUrl: "https://api.example",
  allowedOrigins: ["https://files.example"],
  tokenEndpoint: "https://auth.example/token",
  revocationEndpoint: "https://auth.example/revocation",
  scope: "a b",
  persistence: store,
  timeout: 1,
  reuseWindow: 0,
  slot: "two",
  fetch: globalThis.fetch,
  refreshIn: serviceWorker,
};
const inWorker = (client: Client, opening: ClientPromise): void[] => [keepRefreshing(client), keepRefreshing(opening)];
// @ts-expect-error
const noClient = () => keepRefreshing();
const file: SessionStore = fileStore("/var/lib/application/session");
const files: ClientOptions = { persistence: fileStore("session") };
// @ts-expect-error
const noFile = () => fileStore();
// @ts-expect-error
const urlOfFile = () => fileStore(new URL("file:///session"));
const inRedis = (redis: RedisLike): SessionStore => redisStore(redis);
const promises: readonly StoreTest[] = storeTests(() => store);
const more = storeTests(async () => store, { hold: 100, fail: async () => () => {}, kill: () => {} });
declare const proof: (server: { readonly issuer: string }, client: { client_id: string }, form: URLSearchParams, headers: Headers) => Promise<void>;
const confidential: OAuthOptions = { issuer: "https://auth.example", clientId: "a", clientAuthentication: proof };
const oauth: OAuthOptions = { issuer: "https://auth.example", clientId: "a", scope: "openid", persistence: store, slot: "b" };
const asked: ClientOptions[] = [
  { persistence: "local", refreshIn: serviceWorker },
  { refreshIn: async (sessionId: string, generation: number) => sessionId.length + generation },
  // @ts-expect-error
  { refreshIn: "service-worker" },
];
keepRefreshing(initialize("demo", "key"));
// @ts-expect-error
keepRefreshing("demo");
const json: ClientOptions = {
  tokenEndpoint: "https://api.example/token",
  fetch: jsonEndpoint({
    login: ({ username, password }) => ({ body: { username, password } }),
    refresh: ({ refresh_token }) => ({ url: "refresh", headers: { "refresh-token": refresh_token }, credentials: "include" }),
    revoke: ({ token }) => ({ method: "DELETE", url: token }),
    read: ({ status, headers, body }): JsonTokens =>
      status === 401 ? { error: "invalid_grant" } : { access_token: body.access, refresh_token: headers.get("refresh-token") },
  }),
};
const nested = jsonEndpoint<{ data: { token: string } }>({
  login: () => ({}),
  refresh: () => ({}),
  read: ({ body }) => ({ access_token: body.data.token, expires_at: "2026-01-01T00:00:00Z" }),
});
// @ts-expect-error
const noRead = () => jsonEndpoint({ login: () => ({}), refresh: () => ({}) });
// @ts-expect-error
const noClientId: OAuthOptions = { issuer: "https://auth.example" };
const byTool = async (connection: MeshyConnection, thrown: InsufficientScope): Promise<string> => {
  const tool: McpOptions = { url: "https://mcp.example", clientName: "a", persistence: store, scope: thrown.scope };
  const client: Client = await createToolClient(tool);
  // @ts-expect-error
  await createToolClient({ url: "https://mcp.example", persistence: "local" });
  // @ts-expect-error
  await createToolClient({ clientName: "a" });
  const response: Response = await authorizedFetch(connection)(new URL("https://mcp.example"), { method: "POST" });
  await authProvider(connection).onUnauthorized();
  return client.getSnapshot().storage + response.status + (await authProvider(connection).token());
};
const byCode = async (): Promise<Claims | null> => {
  const client: Client = await createClient(oauth);
  const signedIn: SignedIn | null = await completeSignIn(client);
  if (!signedIn) return signInWithRedirect(client, { redirectUri: "https://app.example/", returnTo: "/", parameters: { prompt: "login" } });
  const to: string | null = signedIn.returnTo;
  // @ts-expect-error
  await signInWithRedirect(client, { returnTo: to });
  const { connection } = signedIn;
  return claims(connection) ?? signOutWithRedirect(client, { connection, postLogoutRedirectUri: "https://app.example/" });
};
const byOthers = async (client: Client, signal: AbortSignal): Promise<MeshyConnection[]> => {
  const popup: SignedIn = await signInWithPopup(client, { redirectUri: "https://app.example/", signal });
  const isPopup: boolean = completePopup();
  const device = await signInWithDevice(client, { show: ({ userCode, expiresAt }) => console.log(userCode + isPopup, expiresAt + 1), signal });
  // @ts-expect-error
  console.log(device.returnTo);
  const loopback = await signInWithLoopback(client, { open: (url: string) => console.log(url) });
  return [popup.connection, device.connection, loopback.connection, await serviceConnection(client, { scope: "a", resource: "b" })];
};
const none: ClientOptions = {};
const local: ClientOptions = { persistence: "local" };
const off: ClientOptions = { persistence: "none", fetch: async (input, init) => new Response(String(input) + init?.method) };
// @ts-expect-error
const unknownPersistence: ClientOptions = { persistence: "session" };
// @ts-expect-error
const unknownOption: ClientOptions = { tenant: "acme" };
// @ts-expect-error
const lockWithoutResult: SessionStore = { ...locked, lock: async (_key, _signal, run) => void run() };
// @ts-expect-error
const halfAStore: SessionStore = { read: () => null };

export async function use(signal: AbortSignal): Promise<void> {
  const promise: ClientPromise = MeshyClient.initialize("demo", "key");
  const plain: Promise<Client> = MeshyClient.initializeWithTenant("demo", null, "key", everything);
  MeshyClient.initializeWithTenant("demo", undefined, "key", none);
  const sameOne: typeof initialize = MeshyClient.initialize;
  const sameOther: typeof initializeWithTenant = MeshyClient.initializeWithTenant;
  // @ts-expect-error
  MeshyClient.initialize("demo");
  // @ts-expect-error
  MeshyClient.initializeWithTenant("demo", 5, "key");

  const early: Promise<MeshyConnection> = promise.login("u", "p", { signal });
  const later: Promise<MeshyConnection> = promise.loginWithPersistance("token", { signal });
  const adopting: Promise<MeshyConnection> = promise.adopt({ access_token: "a", token_type: "Bearer" });
  const restoring: Promise<MeshyConnection | null> = promise.restore();
  // @ts-expect-error
  const restored: Promise<MeshyConnection> = promise.restore();
  const afterwards: Promise<number> = promise.then(() => 5).finally(() => {});
  // @ts-expect-error
  promise.getSnapshot();

  const client: Client = await promise;
  const connection: MeshyConnection = await client.login("u", "p");
  await client.loginWithPersistance("token");
  const tokens: TokenSet = { access_token: "a", token_type: "Bearer", expires_in: 1, refresh_token: "r", scope: "s" };
  await client.adopt(tokens);
  // @ts-expect-error
  await client.adopt({ access_token: "a" });
  // @ts-expect-error
  await client.login("u");
  // @ts-expect-error
  client.fetch;
  const stop: () => void = client.subscribe(() => {});
  stop();
  client.trace((event: TraceEvent) => {
    const at: number = event.at;
    const text: string = event.type === "answer" ? event.grant : event.type === "ended" ? (event.reason ?? "unknown") : event.type;
    // @ts-expect-error
    console.log(at, text, event.secret);
  })();

  const state: ClientSnapshot = client.getSnapshot();
  const ready: boolean = state.ready;
  const current: MeshyConnection | null = state.connection;
  const storage: "ok" | "degraded" | "none" = state.storage;
  const stored: MeshyError | null = state.error;
  // @ts-expect-error
  state.ready = true;

  const saved: string | null = connection.retrievePersistanceToken();
  const token: string = await connection.getAccessToken();
  const response: Response = await connection.fetch("things", { method: "POST", body: "x", signal });
  await connection.fetch(new URL("https://files.example/x"));
  await connection.fetch(new Request("https://files.example/x"));
  // @ts-expect-error
  await connection.fetch();
  await connection.getAccessToken({ minValidity: 30, rejected: token, signal });
  // @ts-expect-error
  await connection.getAccessToken({ minValidity: "30" });
  const done: void = await connection.signout({ signal });
  connection.subscribe(() => {})();
  const session: SessionSnapshot = connection.getSnapshot();
  const phase: "active" | "refreshing" | "waiting" | "ended" = session.state;
  const expiresAt: number | null = session.expiresAt;
  const scope: string = session.scope;
  const generation: number = session.generation;
  const options: CallOptions = { signal };

  try {
    await connection.signout(options);
  } catch (error) {
    if (!(error instanceof MeshyError)) throw error;
    const base: Error = error;
    const name: "MeshyError" = error.name;
    const code: MeshyErrorCode = error.code;
    const retryable: boolean = error.retryable;
    const argument: string | undefined = error.argument;
    const status: number | undefined = error.status;
    const oauth: string | undefined = error.error;
    const description: string | undefined = error.error_description;
    const retryAfter: number | undefined = error.retryAfter;
    const reason: "signed_out" | "invalid_grant" | "response_lost" | "replaced" | "removed" | "expired" | undefined = error.reason;
    switch (error.code) {
      case "invalid_argument":
      case "invalid_grant":
      case "refused":
      case "rate_limited":
      case "unavailable":
      case "network":
      case "timeout":
      case "aborted":
      case "invalid_response":
      case "session_ended":
      case "unsupported":
        break;
      default: {
        const nothingElse: never = error.code;
        console.log(nothingElse);
      }
    }
    console.log(base, name, code, retryable, argument, status, oauth, description, retryAfter, reason);
  }
  // @ts-expect-error
  new MeshyError("code");

  connection[Symbol.dispose]();
  client[Symbol.dispose]();
  console.log(plain, sameOne, sameOther, early, later, adopting, restoring, restored, afterwards, ready, current, storage, stored);
  console.log(saved, done, phase, expiresAt, scope, generation, bare, local, off);
  console.log(asked, unknownPersistence, unknownOption, halfAStore, file, files, inRedis, promises, more, noClientId, confidential, json, nested, noRead, byCode, byOthers, noFile, urlOfFile);
}
`;

// The sample, as somebody would type it who writes TypeScript.
const sample = `
declare const accountName: string, tenant: string, publicKey: string, username: string, password: string;
var client = MeshyClient.initializeWithTenant(accountName, tenant, publicKey);

client.login(username,password)
      .then(function (meshyConnection){
               var refreshToken = meshyConnection.retrievePersistanceToken();
               if (refreshToken === null) throw new Error();

               client.loginWithPersistance(refreshToken)
                     .then(function(refreshedMeshyConnection) { });
      });
`;
const cjs = `import meshy = require("meshydb-client");\nconst { MeshyClient } = meshy;\n${sample}\nexport {};\n`;

let pack;
before(async () => {
  pack = await installPackage();
  const write = (name, text) => writeFile(join(pack.folder, name), text);
  await write("uses.ts", uses);
  await write("uses.mts", uses);
  await write("uses.cts", uses);
  await write("sample.cts", cjs);
  await write("sample.mts", `import { MeshyClient } from "meshydb-client";\n${sample}\n`);
});
after(() => pack.remove());

const { CommonJS, ESNext, Node16, NodeNext } = ts.ModuleKind;
const everyFile = ["uses.ts", "uses.mts", "uses.cts", "sample.mts", "sample.cts"];
const resolutions = {
  node16: { module: Node16, moduleResolution: ts.ModuleResolutionKind.Node16, files: everyFile },
  nodenext: { module: NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, files: everyFile },
  bundler: {
    module: ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    files: ["uses.ts", "sample.mts"],
  },
  "node10, which knows no exports,": {
    module: CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    files: ["uses.ts"],
  },
};
const libraries = {
  "es2022 and dom": { lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] },
  "es2022 and Node's types": { lib: ["lib.es2022.d.ts"], types: ["node"] },
  "esnext, dom and Node's types": { lib: ["lib.esnext.d.ts", "lib.dom.d.ts"], types: ["node"] },
};

/** Reads what comes with TypeScript and with Node once for all programs. */
const read = new Map();
function createHost(options) {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, format, ...rest) => {
    const key = `${name} ${format.impliedNodeFormat}`;
    const isCommon = !name.startsWith(pack.folder);
    if (isCommon && read.has(key)) return read.get(key);
    const source = getSourceFile(name, format, ...rest);
    if (isCommon) read.set(key, source);
    return source;
  };
  return host;
}

for (const [library, libraryOptions] of Object.entries(libraries)) {
  for (const [resolution, { files, ...resolutionOptions }] of Object.entries(resolutions)) {
    test(`${resolution} with ${library} finds the types and accepts them, in full`, () => {
      const options = {
        ...libraryOptions,
        ...resolutionOptions,
        target: ts.ScriptTarget.ES2022,
        typeRoots,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
      };
      const rootNames = files.map((file) => join(pack.folder, file));
      const program = ts.createProgram({ rootNames, options, host: createHost(options) });
      const sources = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(pack.folder));
      const diagnostics = [
        ...program.getOptionsDiagnostics(),
        ...program.getGlobalDiagnostics(),
        ...sources.flatMap((source) => program.getSyntacticDiagnostics(source)),
        ...sources.flatMap((source) => program.getSemanticDiagnostics(source)),
      ];
      assert.equal(ts.formatDiagnostics(diagnostics, plain), "");
      const declarations = sources
        .filter(({ isDeclarationFile }) => isDeclarationFile)
        .map(({ fileName }) => basename(fileName));
      const modules = ["index", "json", "mcp", "node", "oauth", "redis", "service-worker", "store-tests"];
      const both = modules.flatMap((name) => [`${name}.d.cts`, `${name}.d.ts`]);
      const expected = files === everyFile ? both : modules.map((name) => `${name}.d.ts`);
      assert.deepEqual(declarations.sort(), expected);
    });
  }
}

const plain = {
  getCurrentDirectory: () => pack.folder,
  getCanonicalFileName: (file) => file,
  getNewLine: () => "\n",
};
