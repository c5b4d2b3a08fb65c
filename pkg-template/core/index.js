import { createClient } from "./client.js";
import { load } from "./load.js";
import { openStore } from "./local.js";
import { compile } from "./module.js";
import { clientOptions } from "./options.js";
import { MeshyError } from "./platform.js";

export { MeshyError };

/** A promise of the client that can be used as the client straight away. */
class ClientPromise extends Promise {
  static [Symbol.species] = Promise;
}

for (const name of ["adopt", "login", "loginWithPersistance", "loginWithGrant", "restoreOrLogin", "restore"]) {
  ClientPromise.prototype[name] = function (...args) {
    return this.then((client) => client[name](...args));
  };
}

export function initialize(accountName, publicKey, options) {
  return initializeWithTenant(accountName, undefined, publicKey, options);
}

export function initializeWithTenant(accountName, tenant, publicKey, options) {
  return new ClientPromise((resolve) => {
    const settings = clientOptions(accountName, tenant ?? "", publicKey, options);
    const opening = async () => createClient(settings, await openStore(settings.store));
    resolve(load(compile).then(opening));
  });
}

export const MeshyClient = { initialize, initializeWithTenant };
