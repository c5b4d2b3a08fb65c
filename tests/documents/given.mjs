/** What the code in the documents takes as given: names that a reader has. */
export const prelude = `
import type { MeshyClient as Client, MeshyConnection, SessionStore, TokenSet } from "meshydb-client";

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
  const codeFlow: () => Promise<TokenSet & { id_token: string }>;
  const keep: (name: string, value: string) => void;
  /** Of the file that is shown before them. */
  const sessionIdOf: (request: Request) => string | undefined;
  const cookieOf: (sessionId: string, maxAge: number) => string;
  const withClient: <T>(sessionId: string, use: (client: Client) => Promise<T>) => Promise<T>;
  const showForm: () => void;
  const showUser: (connection: MeshyConnection) => void;
  const showMessage: (text: string) => void;
  const server: import("meshydb-client-dev").AuthorizationServer;
  const redis: Parameters<typeof import("meshydb-client/redis").redisStore>[0];
  const Welcome: (properties: { connection: MeshyConnection }) => unknown;
  const SignIn: (properties: { client: Client }) => unknown;

  namespace JSX {
    interface IntrinsicElements {
      [name: string]: unknown;
    }
  }
}
`;

/** Packages that are not installed here, as far as the documents use them. */
export const packages = `
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
