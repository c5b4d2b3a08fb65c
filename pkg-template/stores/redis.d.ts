import type { SessionStore } from "../core/index.js";

/** What is used of a client of the `redis` package, version 5 or 6. */
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

/** What is used of its duplicate, which watches. */
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
 * `client` is connected, and stays the application's: it is neither closed nor made to wait for, and its `error` event needs
 * a listener there. Watching opens one more connection, a duplicate that is closed with the last watcher and keeps no
 * process alive. Without a connection each call rejects with `unavailable` at once; where the key holds something other
 * than a string, with `unsupported`.
 *
 * Keys and channels are `prefix`, empty if not given, and the package's own key, which begins with `meshydb-client:`. A
 * record stays until it is replaced, 30 days if its session has ended: a host that has slept for longer finds none then, and
 * its session ends as `removed` instead of for the reason in the record.
 */
export declare function redisStore(
  client: RedisLike,
  options?: { prefix?: string },
): SessionStore & {
  watch(key: string, changed: () => void): () => void;
};
