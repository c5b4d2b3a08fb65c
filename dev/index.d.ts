/**
 * A real authorization server and a small protected API on 127.0.0.1, for development and tests. Rejects with a `TypeError`
 * that names the option at fault, its value and what is allowed.
 */
export function startAuthorizationServer(options?: AuthorizationServerOptions): Promise<AuthorizationServer>;

export interface AuthorizationServerOptions {
  /** Default 0: the system chooses. */
  port?: number;
  /** Whole seconds, 1 or more. Default 60. */
  accessTokenLifetime?: number;
  /** Whole seconds, 1 or more. Default two weeks. */
  refreshTokenLifetime?: number;
  /**
   * Whole seconds within which a spent refresh token is accepted again, each time for a new one. Default 0. After that it ends
   * all tokens of its sign-in.
   */
  reuseWindow?: number;
  accounts?: readonly Account[];
  /** Each of an account and tenant that there is. */
  users?: readonly User[];
  faults?: Faults;
  /** Called with each entry of `requests` once its request is over. */
  log?: (entry: LoggedRequest) => void;
}

export interface AuthorizationServer {
  /**
   * The token endpoint is `{url}/{account}/connect/token`, the API is `{url}/api`. The issuer is `{url}/{account}`, and for a
   * tenant other than `default` it is `{url}/{account}/{tenant}`.
   */
  readonly url: string;
  readonly port: number;
  /** The last 10 000 requests, without secrets. Those that are under way are among them. */
  readonly requests: LoggedRequest[];
  /** What is left of the list, or what is random. */
  readonly faults: Fault[] | RandomFaults;
  /** Throws a `TypeError` that names what is wrong. */
  setFaults(faults: Faults): void;
  /** Closes at once, whatever is under way. */
  close(): Promise<void>;
}

export interface Account {
  name: string;
  publicKey: string;
  /** A request without a `tenant` header, and with no tenant in its path, is for `default`. */
  tenants: readonly string[];
  /** With one, of visible ASCII characters, the client is confidential: each of its requests has to have it, by Basic authentication (RFC 6749 section 2.3.1). */
  secret?: string;
}

export interface User {
  account: string;
  tenant: string;
  username: string;
  password: string;
}

/** `demo`, whose public key is `demo-public-key`, with the tenants `default` and `acme`; and `other`. */
export const accounts: readonly Account[];
/** `alice` with `wonderland` and `bob` with `builder` in `demo`, and two more. */
export const users: readonly User[];

/** A list is met in its order, one entry for each token request; an empty one ends all faults. */
export type Faults = readonly Fault[] | RandomFaults;

export type Fault =
  | ({ name: Exclude<FaultName, "delay" | "too_many_requests" | "redirect"> } & Times)
  /** Milliseconds, 2,147,483,647 at most. Default 1000. */
  | ({ name: "delay"; milliseconds?: number } & Times)
  /** Seconds. Default 1. */
  | ({ name: "too_many_requests"; retry_after?: number } & Times)
  /** Where it leads, such as `http://127.0.0.1:9000`. */
  | ({ name: "redirect"; origin: string } & Times);

interface Times {
  /** Token requests that meet it. Default: all, until others are set. */
  times?: number;
}

/** Each token request meets one of `names` with a probability of `rate`. */
export interface RandomFaults {
  seed: number;
  rate: number;
  names: readonly FaultName[];
  milliseconds?: number;
  retry_after?: number;
  origin?: string;
}

export type FaultName =
  | "lose_request"
  | "offline"
  | "hang"
  | "captive_portal"
  | "login_redirect"
  | "redirect"
  | "too_many_requests"
  | "unavailable"
  | "lose_answer"
  | "delay"
  | "cut_body"
  | "huge"
  | "deep"
  | "proto"
  | "bad_expires_in"
  | "control_characters";

export const faultNames: readonly FaultName[];

export interface LoggedRequest {
  /** Epoch milliseconds. */
  at: number;
  method: string;
  path: string;
  account: string | null;
  tenant: string;
  grant_type: "password" | "refresh_token" | "authorization_code" | null;
  /** The beginning of a SHA-256 of the refresh token that was presented. */
  fingerprint: string | null;
  fault: FaultName | null;
  /** Null until all of the answer was sent, and for ever if it never was. */
  status: number | null;
}
