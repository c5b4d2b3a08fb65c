import type { SessionStore } from "../core/index.js";

/**
 * A store that the processes and threads of one user on one machine can share, in a folder of its own, which is created
 * with mode 0700. A folder that cannot be trusted is `invalid_argument`, a damaged or foreign file `unsupported`, and a full
 * or read-only disk the error that Node has for it.
 */
export declare function fileStore(path: string): SessionStore;
