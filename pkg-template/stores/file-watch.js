import { accessSync, watch } from "node:fs";
import { dirname, sep } from "node:path";

/** Milliseconds after which what is there, but could not be watched, is tried again. */
const PAUSE = 10_000;

/** The folder and all above it, from the root on. */
function wayTo(folder) {
  const above = dirname(folder);
  return above === folder ? [folder] : [...wayTo(above), folder];
}

/**
 * Calls `heard` with the name of what has changed in a folder, and with none when the folder may be another. It is watched
 * with the one above it; while it is not there, all of those above it are, so it may be removed and made again. Keeps no
 * process alive.
 */
export function watchFolder(folder, heard) {
  const names = new Set(folder.split(sep));
  const watchers = [];
  let timer;

  const stop = () => {
    clearTimeout(timer);
    for (const watcher of watchers.splice(0)) watcher.close();
  };
  const look = () => {
    stop();
    if (listen(folder)) listen(dirname(folder));
    else if (wayTo(folder).map(listen).at(-1)) look();
  };
  const lookAgain = () => {
    look();
    heard();
  };
  /** Deno looks at no `persistent`, and forgets at each event that a watcher was let go of. Older ones cannot do it. */
  const letGo = () => {
    for (const watcher of watchers) {
      try {
        watcher.unref();
      } catch {}
    }
  };
  const lookLater = () => {
    clearTimeout(timer);
    timer = setTimeout(lookAgain, PAUSE);
    timer.unref?.();
  };
  /** Looks first: in Deno a watcher of what is not there does not fail at once. */
  const listen = (place) => {
    try {
      accessSync(place);
      const watcher = watch(place, { persistent: false }, (event, name) => {
        queueMicrotask(letGo);
        if (event === "rename" && names.has(name)) lookAgain();
        else if (place === folder) heard(name);
      });
      watchers.push(watcher.on("error", lookLater));
      letGo();
      return true;
    } catch ({ code }) {
      if (code !== "ENOENT" && code !== "ENOTDIR") lookLater();
      return false;
    }
  };

  look();
  return stop;
}
