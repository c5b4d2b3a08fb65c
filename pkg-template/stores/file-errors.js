import { MeshyError } from "../core/index.js";

/** What is wrong with a path, and what to do. */
const WRONG_PATHS = {
  EINVAL: "the system takes no such name: choose another path",
  ELOOP: "symbolic links above it lead in a circle: choose another path",
  ENAMETOOLONG: "the path is too long: choose a shorter one",
  ENOTDIR: "there is a file above it where a folder must be: choose another path",
};

/** Why a folder cannot be made, and what to do. */
const NO_PLACES = {
  ...WRONG_PATHS,
  EACCES: "this user may make none there: choose a path in a folder of the user's own",
  ENOENT: "what is above it takes no folder, or is a symbolic link to nothing: choose another path",
  EPERM: "this user may make none there: choose a path in a folder of the user's own",
  EROFS: "the disk is read-only: choose a path on another",
};

/** What is wrong with a folder for the moment, and what to do. */
const TROUBLES = {
  EACCES: "this user may not use it: give it and all in it to the user",
  EDQUOT: "the user's quota is used up: make room",
  EMFILE: "too many files are open: close some, or raise the limit (ulimit -n)",
  ENFILE: "too many files are open: close some, or raise the system's limit",
  ENOSPC: "the disk is full: make room on it",
  ENOTSUP: "its file system has no hard links or no sockets: choose a folder on another",
  EOPNOTSUPP: "its file system has no hard links or no sockets: choose a folder on another",
  EPERM: "it may not be changed, or its file system has no hard links: choose another folder",
  EROFS: "the disk is read-only: make it writable",
};

function wrongPath(message) {
  return new MeshyError({ code: "invalid_argument", argument: "path", retryable: false }, message);
}

function unavailable(message) {
  return new MeshyError({ code: "unavailable", retryable: true }, message);
}

export function refuse(path, what) {
  throw wrongPath(`${path} ${what}`);
}

export function unsupported(message) {
  return new MeshyError({ code: "unsupported", retryable: false }, message);
}

/** What the system says when it has no such folder, as an error that names it. */
export function notMade(path, error) {
  const advice = NO_PLACES[error.code];
  return advice ? wrongPath(`${path} cannot be made (${error.code}): ${advice}`) : error;
}

/** What the system says of a folder, as an error that names it. */
export function failure(path, error) {
  if (!error?.syscall) return error;
  const message = `${path} cannot be used (${error.code})`;
  const fault = WRONG_PATHS[error.code];
  if (fault) return wrongPath(`${message}: ${fault}`);
  return unavailable(`${message}: ${TROUBLES[error.code] ?? "see to its disk, or to the server that has it"}`);
}

export function tooLate(path) {
  return unavailable(`${path} does not answer: see to its disk, or to the server that has it`);
}
