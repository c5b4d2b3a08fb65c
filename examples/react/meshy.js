import { initializeWithTenant } from "meshydb-client";

export function openMeshy() {
  const { authUrl, apiUrl } = window.settings;
  return initializeWithTenant("demo", "acme", "demo-public-key", { authUrl, apiUrl, persistence: "local" });
}
