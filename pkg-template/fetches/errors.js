import { MeshyError } from "../core/index.js";

export function failure(code, text, details) {
  return new MeshyError({ code, ...details }, text);
}

export function check(isValid, argument, rule) {
  if (!isValid) throw failure("invalid_argument", `${argument} must be ${rule}`, { argument });
}
