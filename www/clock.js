const KEY = "meshydb-client demo: clock ahead";
const date = Date.now;
const monotonic = performance.now.bind(performance);
const listeners = [];
let ahead = 0;

Date.now = () => date() + ahead;
performance.now = () => monotonic() + ahead;
read();
addEventListener("storage", read);

/** Milliseconds by which the clocks of every page of this site are ahead of this machine's. */
export function clockAhead() {
  return ahead;
}

/** Moves the clocks of this page and of all others of this site: those hear of it by a storage event. */
export function moveClock(milliseconds) {
  localStorage.setItem(KEY, milliseconds);
  read();
}

/** Calls back now, and whenever the clock was moved, here or in another tab. */
export function whenClockMoves(listener) {
  listeners.push(listener);
  listener();
}

/** Epoch milliseconds by the clock that nothing here moves. */
export function realTime() {
  return date();
}

function read() {
  const before = ahead;
  ahead = Number(localStorage.getItem(KEY));
  if (ahead !== before) for (const listener of listeners) listener();
}
