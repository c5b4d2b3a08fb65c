import { fileStore } from "meshydb-client/node";
import { createClient } from "meshydb-client/oauth";
import { exit, Failure, loginAgain } from "./output.mjs";

/** Where sessions are kept: the place for another store, as one that asks the system's keychain. */
function sessionStore(folder) {
  return fileStore(folder);
}

export async function openClient({ profile, server, folder }) {
  const persistence = sessionStore(folder);
  await persistence.read(""); // Says what is wrong with the folder, if anything is.
  return createClient({ ...server, slot: profile, persistence });
}

export async function session({ client, profile }) {
  const connection = await client.restore();
  if (!connection) throw new Failure(`not logged in: ${loginAgain(profile)}`, exit.notLoggedIn);
  return connection;
}
