import type { MeshyClient } from "../core/index.js";

/**
 * For a page: `initialize(…, { persistence: "local", refreshIn: serviceWorker })`. Asks the active service worker of the page's
 * scope, for half a second at most; the page goes on by itself where there is none, or it does not answer.
 */
export declare function serviceWorker(sessionId: string, generation: number): Promise<void>;

/**
 * For the service worker: refreshes in place of its pages. The answer is stored though the page that wanted it is gone. It is
 * called while the script of the worker runs for the first time, once for each client, and touches no request of the pages.
 *
 * @param client A client of the same account, public key and slot as that of the pages, with `persistence: "local"`.
 */
export declare function keepRefreshing(client: MeshyClient | PromiseLike<MeshyClient>): void;
