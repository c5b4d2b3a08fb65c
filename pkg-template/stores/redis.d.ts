import type { SessionStore } from "../core/index.js";

/** The part of a client of the `redis` package, version 5 or 6, that is used. */
export interface RedisLike {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  sendCommand(
    args: string[],
    options: { typeMapping: Record<never, never>; abortSignal: AbortSignal },
  ): Promise<unknown>;
  duplicate(overrides: { pingInterval: number }): RedisSubscriber;
  connect(): Promise<unknown>;
  on(event: "end", listener: () => void): unknown;
  unref(): void;
}

/** The part of its duplicate, which watches, that is used. */
export interface RedisSubscriber {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  on(event: "ready" | "error", listener: () => void): unknown;
  connect(): Promise<unknown>;
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<void>;
  unsubscribe(channel: string, listener: (message: string, channel: string) => void): Promise<void>;
  unref(): void;
  destroy(): void;
}

/** What is needed of any other client, for instance one of ioredis: docs/stores.md has it. */
export interface RedisLine {
  /** Sends a command once, now or not at all, and resolves to its reply, with texts as strings. */
  send(args: string[]): Promise<unknown>;
  /**
   * Optional: calls `heard` at each message on the channel, and whenever it has subscribed, at first and after a connection
   * was lost. Returns how to stop. Without it the store has no `watch`.
   */
  subscribe?(channel: string, heard: () => void): () => void;
}

export interface RedisStoreOptions {
  /** Before each key and channel. Default: nothing. */
  prefix?: string;
  /**
   * Seconds after which a session that nobody has written is forgotten, 1 to 2 147 483 647. Each write, thus each refresh,
   * starts it anew. It must be no less than a refresh token's life: what is forgotten is signed out. Default: never.
   */
  ttl?: number;
}

/**
 * A session store in Redis, for hosts that share sessions: `persistence: redisStore(client)`.
 *
 * `client` remains the application's, which closes it and listens for its `error` event. One that is not connected is
 * connected when it is first used. Watching opens one more connection, a duplicate that all stores of the client share. It
 * is closed with the client and keeps no process alive. Without a connection each call rejects with `unavailable`; if the
 * key holds something other than a string, with `unsupported`.
 *
 * Keys and channels are `prefix` and the package's own key, which begins with `meshydb-client:`. A value stays until it is
 * replaced or its `ttl` is over, or for 30 days if its session has ended: on a host that was suspended for longer the
 * session ends as `removed`, and not for the reason in the value.
 */
export declare function redisStore(
  client: RedisLike,
  options?: RedisStoreOptions,
): SessionStore & {
  watch(key: string, changed: () => void): () => void;
};
export declare function redisStore(client: RedisLine, options?: RedisStoreOptions): SessionStore;
