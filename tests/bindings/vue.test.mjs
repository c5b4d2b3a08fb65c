import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  createRenderer,
  effectScope,
  h,
  isProxy,
  nextTick,
  onMounted,
  reactive,
  readonly,
  ref,
  shallowRef,
  watchEffect,
} from "vue";
import { renderToString } from "vue/server-renderer";
import { useClient, useConnection } from "../../pkg/vue.js";
import { server, start } from "../shared/client.mjs";
import { settled } from "../shared/waiting.mjs";

/** The nodes of a page, as far as these components have any. */
const { createApp } = createRenderer({
  createElement: (type) => ({ type, children: [] }),
  createText: (text) => ({ text }),
  createComment: () => ({}),
  insert: (child, parent) => parent.children.push(child),
  remove() {},
  setElementText() {},
  parentNode: () => null,
  nextSibling: () => null,
  patchProp() {},
});

/** A component with this setup, that is shown. */
function mount(setup) {
  let given;
  const component = {
    setup() {
      given = setup();
      return () => h("p");
    },
  };
  const app = createApp(component);
  app.config.warnHandler = (message) => assert.fail(message);
  app.mount({ children: [] });
  return { given, unmount: () => app.unmount() };
}

/** What it is now, if it is what the client says. */
function seen(snapshot, client) {
  assert.equal(snapshot.value, client.getSnapshot());
  return snapshot.value;
}

describe("a client and a connection in Vue's deep proxies", () => {
  for (const [what, put] of Object.entries({
    ref: (value) => ref(value).value,
    "ref of an object": (value) => ref({ value }).value.value,
    reactive: (value) => reactive({ value }).value,
    "readonly reactive": (value) => readonly(reactive({ list: [value] })).list[0],
    "ref of the snapshot": (value) => (value.login ? value : ref({ snapshot: { value } }).value.snapshot.value),
  })) {
    test(`work: ${what}`, async () => {
      const client = put(await start());
      assert.equal(isProxy(client), false);
      const connection = put(await client.login("alice", "pw"));
      assert.equal(isProxy(connection), false);
      assert.equal(connection.getSnapshot().generation, 1);
      assert.equal(await connection.getAccessToken(), "at-canary-alice-1");
      assert.equal(put(client.getSnapshot()).connection.getSnapshot(), connection.getSnapshot());
      await connection.signout();
      assert.equal(client.getSnapshot().connection, null);
    });
  }

  test("are followed: useClient(ref(client)), useConnection of a reactive one", async () => {
    const client = await start();
    const kept = reactive({ connection: null });
    const { given, unmount } = mount(() => ({
      client: useClient(ref(client)),
      session: useConnection(() => kept.connection),
    }));
    assert.equal(seen(given.client, client).ready, true);
    assert.equal(given.session.value, null);
    kept.connection = await client.login("alice", "pw");
    await settled();
    assert.equal(seen(given.client, client).connection.getSnapshot().generation, 1);
    assert.equal(seen(given.session, kept.connection).generation, 1);
    await kept.connection.getAccessToken({ rejected: await kept.connection.getAccessToken() });
    await settled();
    assert.equal(seen(given.session, kept.connection).generation, 2);
    unmount();
    await kept.connection.signout();
    await settled();
    assert.equal(given.session.value.generation, 2);
  });
});

describe("useClient in Vue", () => {
  test("follows the client outside of a component", async () => {
    const client = await start();
    const chosen = shallowRef(null);
    const snapshot = useClient(chosen);
    const shown = [];
    watchEffect(() => shown.push(snapshot.value.ready), { flush: "sync" });
    chosen.value = client;
    await nextTick();
    assert.deepEqual(shown, [false, true]);
    await client.login("alice", "pw");
    await settled();
    assert.ok(seen(snapshot, client).connection);
  });

  test("stops with its scope", async () => {
    const client = await start();
    const scope = effectScope(true);
    const snapshot = scope.run(() => useClient(client));
    assert.equal(seen(snapshot, client).ready, true);
    scope.stop();
    await client.login("alice", "pw");
    await settled();
    assert.equal(snapshot.value.connection, null);
  });

  test("of a store goes on when the component is gone in which the store was first used", async () => {
    const clients = [await start(), await start()];
    const chosen = shallowRef(clients[0]);
    const { given, unmount } = mount(() => effectScope(true).run(() => useClient(chosen)));
    assert.equal(seen(given, clients[0]).ready, true);
    unmount();
    await clients[0].login("alice", "pw");
    await settled();
    assert.ok(seen(given, clients[0]).connection);
    chosen.value = clients[1];
    await nextTick();
    assert.equal(seen(given, clients[1]).connection, null);
  });

  test("is not ready before the component is mounted, and on a server", async () => {
    const client = await start();
    const before = [];
    const { given } = mount(() => {
      const snapshot = useClient(client);
      before.push(snapshot.value.ready);
      return snapshot;
    });
    assert.deepEqual([...before, given.value.ready], [false, true]);
    const setup = () => {
      const snapshot = useClient(client);
      return () => h("p", String(snapshot.value.ready));
    };
    assert.equal(await renderToString(h({ setup })), "<p>false</p>");
  });

  test("follows the client when it is called once the component is mounted", async () => {
    const client = await start();
    const late = {};
    mount(() => onMounted(() => Object.assign(late, { snapshot: useClient(client) })));
    assert.equal(seen(late.snapshot, client).ready, true);
  });

  test("takes the promise of a client, and says why there is none", async () => {
    const good = start();
    const { given } = mount(() => useClient(good));
    const bad = start({ timeout: -1 });
    const failing = useClient(ref(bad));
    assert.deepEqual([given.value.ready, failing.value.ready, failing.value.error], [false, false, null]);
    await settled();
    assert.equal(seen(given, await good).ready, true);
    assert.equal(failing.value.ready, false);
    assert.equal(failing.value.error.argument, "timeout");
    await good.login("alice", "pw");
    await settled();
    assert.ok(seen(given, await good).connection);
    assert.equal(seen(useClient(good), await good), given.value);
    assert.equal(server.count("password"), 1);
  });

  test("of a client that was disposed of is not ready, and neither is its connection followed", async () => {
    const client = await start();
    const connection = await client.login("alice", "pw");
    client[Symbol.dispose]();
    connection[Symbol.dispose]();
    const { given } = mount(() => [useClient(client), useConnection(connection)]);
    assert.deepEqual(
      given.map(({ value }) => value),
      [useClient(null).value, null],
    );
  });
});
