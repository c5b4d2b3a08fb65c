import { onMounted, onScopeDispose, shallowReadonly, shallowRef, toValue, watch } from "vue";
import { unknownClient } from "./snapshots.js";

function useSnapshot(source, unknown) {
  const snapshot = shallowRef(unknown());
  let stop = () => {};
  const follow = (followed) => {
    stop();
    stop = () => {};
    snapshot.value = followed ? followed.getSnapshot() : unknown();
    if (!followed) return;
    stop = followed.subscribe(() => {
      snapshot.value = followed.getSnapshot();
    });
  };
  onMounted(() => watch(() => toValue(source), follow, { immediate: true }));
  onScopeDispose(() => stop());
  return shallowReadonly(snapshot);
}

export function useClient(client) {
  return useSnapshot(client, unknownClient);
}

export function useConnection(connection) {
  return useSnapshot(connection, () => null);
}
