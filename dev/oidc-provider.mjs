// On a Node that is no LTS release oidc-provider warns as it loads, and no option turns that off.
const { warn } = console;
console.warn = (message, ...rest) => {
  if (!String(message).includes("Unsupported runtime")) warn(message, ...rest);
};
export const { default: Provider, errors } = await import("oidc-provider");
console.warn = warn;
