export { startAuthorizationServer } from "./authorization-server.mjs";
export { faultNames } from "./faults.mjs";
export { accounts, users } from "./seed.mjs";
