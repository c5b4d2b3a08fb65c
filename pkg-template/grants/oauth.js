export { createClient } from "./oauth-client.js";
export { claims } from "./oauth-code.js";
export { signInWithDevice } from "./oauth-device.js";
export { signInWithLoopback } from "./oauth-loopback.js";
export { completePopup, signInWithPopup } from "./oauth-popup.js";
export { completeSignIn, signInWithRedirect, signOutWithRedirect } from "./oauth-redirect.js";
export { serviceConnection } from "./oauth-service.js";
