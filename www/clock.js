const KEY = "meshydb-client demo: clock ahead";
const date = Date.now;
const monotonic = performance.now.bind(performance);
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

/** Epoch milliseconds by the clock that nothing here moves. */
export function realTime() {
  return date();
}

function read() {
  ahead = Number(localStorage.getItem(KEY));
}
