import type { SessionStore } from "../core/index.js";

/**
 * A store that the processes and threads of one user on one machine can share, in a folder of its own, which is made with
 * mode 0700 if it is not there. What is wrong with the folder is `invalid_argument`, a file that is damaged or foreign
 * `unsupported`; a disk that is full or read-only is the error that Node has for it.
 */
export declare function fileStore(path: string): SessionStore;
