/** What is used of npm's oauth4webapi at an MCP server, by name: a bundler drops the rest of it. */
export {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  customFetch,
  discoveryRequest,
  dynamicClientRegistrationRequest,
  None,
  processDiscoveryResponse,
  processDynamicClientRegistrationResponse,
  processResourceDiscoveryResponse,
  protectedResourceRequest,
  refreshTokenGrantRequest,
  resourceDiscoveryRequest,
} from "oauth4webapi";
