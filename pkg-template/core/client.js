import { connectionTo } from "./connection.js";
import { Listeners } from "./listeners.js";
import { Answer, Command, collected, Engine } from "./load.js";
import { ASYNC_DISPOSE, check, checkText, DISPOSE, failure, signalOf, TEXT } from "./options.js";
import { pause } from "./platform.js";
import { Port } from "./port.js";
import { tokenMembers, wrongMember } from "./post.js";

/**
 * Watches the network, and a store if there is one, and tells `tell`, as long as somebody else holds it: no closure here may.
 * The function returned never throws, whatever the store does.
 */
function watchWorld(store, key, tell) {
  const told = new WeakRef(tell);
  const online = () => told.deref()?.(Command.Online);
  let stop;
  try {
    stop = store?.watch(key, () => told.deref()?.(Command.Hint));
    Promise.resolve(stop).catch(() => {});
  } catch {}
  globalThis.addEventListener?.("online", online);
  const stopWatching = () => {
    globalThis.removeEventListener?.("online", online);
    try {
      stop();
    } catch {}
  };
  collected.register(tell, stopWatching);
  return stopWatching;
}

/** What an application has of the sessions under one key. Its methods need no `this`, so that a proxy can stand for it. */
export function createClient({ api, key }, store) {
  const listeners = new Listeners();
  const tracers = new Listeners();
  /** Of the sessions that somebody holds: references that let them go. */
  const ports = new Set();
  let sweepAt = 8;
  /** In memory: what the last login that was given up may still bring. */
  const abandoned = [];
  /** How often a session was opened. */
  let opens = 0;
  let current;
  let snapshot;
  /** What the snapshot says, as text. */
  let shown;
  let hasFailed;
  let lastError = null;
  let isReady = !store;
  let stopWatching;
  let isDisposed = false;

  const alive = () => {
    if (isDisposed) throw failure("aborted", "it was disposed of");
  };
  const isLive = () => current && !current.isOver;
  const view = () => {
    const live = isLive() ? current : null;
    const isDegraded = live ? live.isDegraded : hasFailed;
    const storage = !store ? "none" : isDegraded ? "degraded" : "ok";
    return [isReady, live, storage, live ? (isDegraded ? live.storeError : null) : lastError];
  };

  const changed = () => {
    const [ready, live, storage, error] = view();
    const next = [ready, live?.sid, storage, error?.message].join();
    if (next === shown) return;
    shown = next;
    snapshot = undefined;
    listeners.notify();
  };

  /** Includes the ports that are added during the iteration. */
  function* knownPorts() {
    for (const ref of ports) {
      const port = ref.deref();
      if (port) yield port;
      else ports.delete(ref);
    }
  }

  function* livePorts() {
    for (const port of knownPorts()) if (!port.isOver) yield port;
  }

  /** Tells every session of something that happened, and looks whether there is another. */
  const tell = (command) => {
    for (const port of [...livePorts()]) port.tell(command);
    if (command === Command.Hint) restore().catch(() => {});
  };

  const watch = () => {
    if (stopWatching) return;
    stopWatching = () => {};
    stopWatching = watchWorld(store, key, tell);
  };

  /** Leaves each session to one port: to that where it has ended, or to the one with the later generation. The others look again. */
  const serve = (port, token) => {
    const others = store ? [...knownPorts()].filter((other) => other !== port && other.isOpen) : [];
    const twin = others.find((other) => other.sid === port.sid);
    for (const other of others) {
      if (other !== twin && !other.isOver) other.tell(Command.Hint);
    }
    if (token === Answer.Nothing) return;
    if (twin?.isOver || twin?.snapshot.generation >= port.snapshot.generation) {
      ports.delete(port.ref);
      return twin;
    }
    port.open();
    if (twin) {
      ports.delete(twin.ref);
      twin.giveWayTo(port);
    }
    return port;
  };

  const opened = (port, token, command) => {
    const served = serve(port, token);
    const live = served?.isOver ? null : served;
    hasFailed = !live && port.isDegraded;
    lastError = live ? null : port.snapshot.error;
    isReady = true;
    current = live ?? current;
    changed();
    if (served?.isOver && command !== Command.Restore) throw served.snapshot.error;
    return live ? connectionTo(live) : null;
  };

  const open = async (command, args, signal) => {
    alive();
    const engine = new Engine({ ...api, ...args, name: crypto.getRandomValues(new Uint32Array(4)).join("-") });
    const port = new Port(engine, api, key, store, tracers, changed);
    watch();
    ports.add(port.ref);
    if (ports.size > sweepAt) sweepAt = 2 * [...knownPorts()].length;
    let token;
    try {
      token = await port.ask(command, args, signal);
    } catch (error) {
      if (!store) abandoned[0] = port;
      throw error;
    }
    if (token === Answer.Invalid) {
      const rule = `the members of a Bearer token response, whose ${wrongMember(args.members)} is none`;
      check(false, "tokens", rule);
    }
    if (token !== Answer.Nothing) opens++;
    return opened(port, token, command);
  };

  /** The session of one of these ports that has the refresh token, or another one. */
  const joinOrOpen = async (candidates, join, command, args, signal) => {
    alive();
    for (const port of candidates) {
      const token = await port.ask(join, { ...args, mustProve: !store && opens > 1 }, signal);
      if (token === Answer.Spent) {
        throw failure("invalid_grant", "the refresh token has been used");
      }
      if (token !== Answer.Unknown && token !== Answer.Invalid) return opened(port, token, command);
    }
    return open(command, args, signal);
  };

  const restore = async () => {
    try {
      return await open(Command.Restore);
    } catch (error) {
      if (!isLive()) {
        hasFailed = true;
        lastError = error;
        changed();
      }
      throw error;
    }
  };

  const dispose = () => {
    isDisposed = true;
    listeners.clear();
    tracers.clear();
    stopWatching?.();
  };

  /** By a grant, which one holder sends for all where it is shared. */
  const begin = async (grant, options, isShared) => {
    alive();
    const signal = signalOf(options);
    for (const name in grant) checkText(grant[name], name, TEXT);
    if (isShared && !store && isLive()) return connectionTo(current);
    const args = { grant, repeats: options?.repeatable };
    try {
      if (isShared) return await open(Command.RestoreOrLogin, args, signal);
    } catch (error) {
      if (!error.reason) throw error;
    }
    return open(Command.Login, args, signal);
  };

  const withPassword = (isShared) => (username, password, options) =>
    begin({ grant_type: "password", username, password }, options, isShared);

  changed();
  return Object.freeze({
    login: withPassword(false),

    restoreOrLogin: withPassword(true),

    async loginWithGrant(grantType, parameters, options) {
      return begin({ ...parameters, grant_type: grantType }, options, options?.repeatable);
    },

    async loginWithPersistance(refreshToken, options) {
      const signal = signalOf(options);
      checkText(refreshToken, "refreshToken");
      return joinOrOpen(livePorts(), Command.Refresh, Command.Resume, { refreshToken }, signal);
    },

    async adopt(tokens) {
      const [idToken, ...members] = tokenMembers(tokens, "");
      const { 3: refreshToken } = members;
      return joinOrOpen(store ? [] : livePorts(), Command.Join, Command.Adopt, { members, refreshToken, idToken });
    },

    restore,

    subscribe(listener) {
      alive();
      if (!isReady) restore().catch(() => {});
      return listeners.add(listener);
    },

    trace(listener) {
      alive();
      return tracers.add(listener);
    },

    getSnapshot() {
      alive();
      if (!snapshot) {
        const [ready, live, storage, error] = view();
        if (live) live.handle ??= connectionTo(live);
        snapshot = Object.freeze({ ready, connection: live ? live.handle : null, storage, error });
      }
      return snapshot;
    },

    async [ASYNC_DISPOSE]() {
      const end = performance.now() + api.timeout;
      while ([...knownPorts()].some((port) => port.isBusy) && performance.now() < end) await pause(9);
      dispose();
    },

    [DISPOSE]: dispose,
  });
}
