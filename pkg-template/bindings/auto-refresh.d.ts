import type { MeshyClient } from "../core/index.js";

/**
 * Keeps a session alive whose refresh tokens die of idleness: while the page is visible, one of all pages refreshes in the last
 * tenth of each access token's life, once a minute at most. A refresh that fails is not tried again before the next call, `online`,
 * or until the page becomes visible again. Hidden pages, workers and Node have no timer. Where the server does not say how long
 * a token lives, nothing happens. Returns the function that ends it.
 */
export declare function autoRefresh(client: MeshyClient | Promise<MeshyClient>): () => void;
