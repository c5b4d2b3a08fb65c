import { useCallback, useSyncExternalStore } from "react";
import { unknownClient } from "./snapshots.js";

const never = () => () => {};
const nothing = () => null;

function useSnapshot(source, unknown) {
  const subscribe = useCallback((listener) => source.subscribe(listener), [source]);
  return useSyncExternalStore(source ? subscribe : never, source ? () => source.getSnapshot() : unknown, unknown);
}

export function useClient(client) {
  return useSnapshot(client, unknownClient);
}

export function useConnection(connection) {
  return useSnapshot(connection, nothing);
}
