import { useSyncExternalStore } from "react";
import { nothing, sourceOf, unknownClient } from "./snapshots.js";

function useSnapshot(given, unknown) {
  const { subscribe, getSnapshot } = sourceOf(given, unknown);
  return useSyncExternalStore(subscribe, getSnapshot, unknown);
}

export function useClient(client) {
  return useSnapshot(client, unknownClient);
}

export function useConnection(connection) {
  return useSnapshot(connection, nothing);
}
