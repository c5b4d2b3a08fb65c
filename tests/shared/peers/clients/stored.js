let last = null;

/** What an application keeps for a client that keeps nothing by itself; in memory where nothing else will do. */
export const stored = {
  get() {
    try {
      return JSON.parse(localStorage.getItem("tokens")) ?? last;
    } catch {
      return last;
    }
  },
  set(tokens) {
    last = tokens;
    try {
      localStorage.setItem("tokens", JSON.stringify(tokens));
    } catch {}
  },
};
