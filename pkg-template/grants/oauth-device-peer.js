/** What a sign-in at another device uses of npm's oauth4webapi. */
export { deviceAuthorizationRequest, processDeviceAuthorizationResponse } from "oauth4webapi";
