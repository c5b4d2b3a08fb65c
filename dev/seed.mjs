export const defaultTenant = "default";

export const accounts = [
  { name: "demo", publicKey: "demo-public-key", tenants: [defaultTenant, "acme"] },
  { name: "other", publicKey: "other-public-key", tenants: [defaultTenant] },
];

export const users = [
  { account: "demo", tenant: defaultTenant, username: "alice", password: "wonderland" },
  { account: "demo", tenant: defaultTenant, username: "bob", password: "builder" },
  { account: "demo", tenant: "acme", username: "carol", password: "acme-secret" },
  { account: "other", tenant: defaultTenant, username: "alice", password: "looking-glass" },
];
