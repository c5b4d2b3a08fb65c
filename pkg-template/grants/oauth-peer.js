/** What is used of npm's oauth4webapi, by name: a bundler drops the rest of it. */
export {
  allowInsecureRequests,
  calculatePKCECodeChallenge,
  clockTolerance,
  customFetch,
  discoveryRequest,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  processAuthorizationCodeResponse,
  processDiscoveryResponse,
  processPushedAuthorizationResponse,
  processRefreshTokenResponse,
  pushedAuthorizationRequest,
  validateAuthResponse,
} from "oauth4webapi";
