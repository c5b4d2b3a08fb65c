import type { SessionStore } from "../core/index.js";

/**
 * A store that the processes and threads of one user on one machine can share, in a folder of its own, which is created
 * with mode 0700. Each operation ends within a second. What is wrong is a `MeshyError` that names the path and says what to do:
 * `invalid_argument` where the folder cannot be made or trusted, `unsupported` for a damaged or foreign file, `unavailable` for a disk
 * that is full, read-only or does not answer.
 */
export declare function fileStore(path: string): SessionStore;
