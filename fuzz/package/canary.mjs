/** A token that may be in no error. */
export const canary = "canary-0f8c2b";
