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

/**
 * A session store in Redis, for hosts that share sessions: `persistence: redisStore(client)`.
 *
 * `client` is connected, and remains the application's, which closes it and listens for its `error` event. Watching opens
 * one more connection, a duplicate that is closed with the last watcher and keeps no process alive. Without a connection
 * each call rejects with `unavailable` at once; if the key holds something other than a string, with `unsupported`.
 *
 * Keys and channels are `prefix`, empty if not given, and the package's own key, which begins with `meshydb-client:`. A
 * value stays until it is replaced, or for 30 days if its session has ended: on a host that was suspended for longer the
 * session ends as `removed`, and not for the reason in the value.
 */
export declare function redisStore(
  client: RedisLike,
  options?: { prefix?: string },
): SessionStore & {
  watch(key: string, changed: () => void): () => void;
};
