/** What an application keeps for a client that keeps nothing by itself; where nothing can be kept it goes on without. */
export const stored = {
  get() {
    try {
      return JSON.parse(localStorage.getItem("tokens"));
    } catch {
      return null;
    }
  },
  set(tokens) {
    try {
      localStorage.setItem("tokens", JSON.stringify(tokens));
    } catch {}
  },
};
