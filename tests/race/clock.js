/** For a page or a worker, before its own scripts: a clock that is so many milliseconds ahead, and can be moved on. */
export function setClock(ahead) {
  const System = Date;
  globalThis.ahead = ahead;
  const now = () => System.now() + globalThis.ahead;
  globalThis.Date = class extends System {
    static now = now;
    constructor(...args) {
      super(...(args.length ? args : [now()]));
    }
  };
}
