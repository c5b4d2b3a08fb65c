import {
  getCurrentInstance,
  getCurrentScope,
  onMounted,
  onScopeDispose,
  shallowReadonly,
  shallowRef,
  toValue,
  watch,
} from "vue";
import { nothing, sourceOf, unknownClient } from "./snapshots.js";

function useSnapshot(given, unknown) {
  const snapshot = shallowRef(unknown());
  const scope = getCurrentScope();
  let stop = () => {};
  const follow = ({ subscribe, getSnapshot }) => {
    stop();
    const show = () => {
      snapshot.value = getSnapshot();
    };
    stop = subscribe(show);
    show();
  };
  const start = () => watch(() => sourceOf(toValue(given), unknown), follow, { immediate: true });
  if (scope) onScopeDispose(() => stop());
  const instance = getCurrentInstance();
  // A store's scope outlives the component in which the store was first used.
  if (instance && !instance.isMounted) onMounted(() => scope.run(start));
  else start();
  return shallowReadonly(snapshot);
}

export function useClient(client) {
  return useSnapshot(client, unknownClient);
}

export function useConnection(connection) {
  return useSnapshot(connection, nothing);
}
