/** What the code in the documents takes as given: names that a reader has. */
export const prelude = `
import type { MeshyClient as Client, MeshyConnection, SessionStore } from "meshydb-client";

declare global {
  const accountName: string, tenant: string, publicKey: string, username: string, password: string;
  const client: Client;
  const connection: MeshyConnection;
  const initialize: typeof import("meshydb-client").initialize;
  const initializeWithTenant: typeof import("meshydb-client").initializeWithTenant;
  const MeshyClient: typeof import("meshydb-client").MeshyClient;
  const MeshyError: typeof import("meshydb-client").MeshyError;

  /** The application's own. */
  const myStore: (connection: unknown) => SessionStore;
  const connect: () => unknown;
  /** Of the file that is shown before them. */
  const sessionIdOf: (request: Request) => string | undefined;
  const cookieOf: (sessionId: string, maxAge: number) => string;
  const withClient: <T>(sessionId: string, use: (client: Client) => Promise<T>) => Promise<T>;
  const showForm: () => void;
  const showUser: (connection: MeshyConnection) => void;
  const showMessage: (text: string) => void;
  const server: import("meshydb-client-dev").AuthorizationServer;
  const redis: import("meshydb-client/redis").RedisLike;
  const ioredisLine: (redis: import("ioredis").Redis) => import("meshydb-client/redis").RedisLine;
  const Welcome: (properties: { connection: MeshyConnection }) => unknown;
  const SignIn: (properties: { client: Pick<Client, "login"> }) => unknown;

  namespace JSX {
    interface IntrinsicElements {
      [name: string]: unknown;
    }
  }
}
`;

/** Packages that are not installed here, as far as the documents use them. */
export const packages = `
declare module "@angular/core" {
  interface NgZone { run<T>(work: () => T): T }
  interface DestroyRef { onDestroy(work: () => void): () => void }
  interface WritableSignal<T> { (): T; set(value: T): void }
  export const NgZone: { new (): NgZone };
  export const DestroyRef: { new (): DestroyRef };
  export function inject<T>(token: { new (): T }): T;
  export function signal<T>(value: T): WritableSignal<T>;
  export function Injectable(options: { providedIn: "root" }): (target: unknown, context: unknown) => void;
}
declare module "@meshydb/sdk" {
  interface Connection {
    retrieveRefreshToken(): string | null;
    meshesService: { search(mesh: string): Promise<unknown> };
  }
  export class MeshyClient {
    static initializeWithTenant(accountName: string, tenant: string, publicKey: string): {
      login(username: string, password: string): Promise<Connection>;
    };
    static get currentConnection(): Connection | null;
  }
}
`;

/** The JavaScript and TypeScript that is not compiled as it stands, by a text in it, and why. */
export const unchecked = [
  {
    file: "README.md",
    with: "client.login(username,password)",
    why: "the sample, to the letter: types.test.mjs compiles it with the one check for null that TypeScript asks for",
  },
];

/** Pages and languages of which nothing is compiled here, and why. */
export const otherFiles = {
  "docs/mcp.md": "programs of several files: document.test.mjs compiles and runs them",
  "docs/recipes.md": "modules and pages for other packages: tests/recipes runs each of them",
  "docs/service-worker.md": "pages and their workers: tests/examples builds and runs each of them",
  "docs/tool.md": "programs of several files: tool-document.test.mjs compiles and runs them",
  "docs/testing.md": "tests for Jest, Vitest and Playwright: runners.test.mjs runs each of them",
  "docs/reference.md": "declarations, copied from the types by scripts/reference.mjs; reference.test.mjs compares them",
};
export const otherLanguages = {
  "": "output, not code",
  sql: "postgres-store.test.mjs runs it",
  html: "docs.test.mjs runs the script of the page beside it",
  json: "no code",
  http: "no code",
  svelte: "the applications in examples are built and run in browsers",
  vue: "the applications in examples are built and run in browsers",
};
