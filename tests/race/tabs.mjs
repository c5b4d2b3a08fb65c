/** For the page, before its own scripts: a clock that is so many milliseconds ahead, and can be moved on. */
function setClock(ahead) {
  const System = Date;
  window.ahead = ahead;
  const now = () => System.now() + window.ahead;
  window.Date = class extends System {
    static now = now;
    constructor(...args) {
      super(...(args.length ? args : [now()]));
    }
  };
}

/** The tabs of one scenario: pages of one site in one profile, each with a client of its own. */
export class Tabs {
  all = [];
  #ahead = 0;

  constructor(context, site, server) {
    this.context = context;
    this.site = site;
    this.server = server;
  }

  /**
   * A tab with the one session of all tabs, which the first signs in to. Its clock is `ahead` of the server's;
   * `prepare` runs in the page before any script of its own. Rejects if the client does not start. What a client asks of
   * the server to start does not count.
   */
  async open({ ahead = 0, prepare, ...options } = {}) {
    const page = await this.context.newPage();
    await page.evaluateOnNewDocument(setClock, this.#ahead + ahead);
    if (prepare) await page.evaluateOnNewDocument(prepare);
    await page.goto(`${this.site.url}/?${this.server.url}`);
    await page.waitForFunction(() => window.race);
    const { error } = await page.evaluate((options) => window.race.open(options), options);
    if (error) throw new Error(`does not start (${error})`);
    const tab = new Tab(page);
    this.all.push(tab);
    this.server.refreshes = [];
    return tab;
  }

  async openAll(count) {
    for (let number = 1; number <= count; number++) await this.open();
    return this.all;
  }

  async close(tab) {
    this.all = this.all.filter((other) => other !== tab);
    await tab.page.close();
  }

  /** On all clocks. */
  async timePasses(ms) {
    this.server.timePasses(ms);
    this.#ahead += ms;
    for (const { page } of this.all) {
      await page.evaluate((ms) => {
        window.ahead += ms;
      }, ms);
    }
  }

  /** The access tokens that were received so far are valid no more. */
  expire() {
    return this.timePasses(this.server.lifetime + 1_000);
  }

  /** What comes of so many calls in each tab at the same time. */
  async race(count = 1) {
    for (const { page } of this.all) await page.evaluate((count) => window.race.getReady(count), count);
    await this.all[0].page.evaluate(() => window.race.shoot());
    return (await Promise.all(this.all.map((tab) => tab.begun()))).flat();
  }

  /** What a tab comes to that no longer gets an access token which the server accepts; nothing if each tab does. */
  async loss() {
    this.server.behave();
    await this.expire();
    for (const tab of this.all) {
      const { token, error } = await tab.token();
      if (this.server.accepts(token)) continue;
      return error === "no answer" ? "**hangs**" : `**dead** (${error ?? "bad token"})`;
    }
  }
}

class Tab {
  constructor(page) {
    this.page = page;
  }

  /** The access token or the error that a call comes to. */
  async token() {
    return (await this.calls(1))[0];
  }

  calls(count) {
    return this.page.evaluate((count) => window.race.calls(count), count);
  }

  begin() {
    return this.page.evaluate(() => window.race.begin());
  }

  /** What comes of the calls that were begun. */
  begun() {
    return this.page.evaluate(() => window.begun);
  }

  signOut() {
    return this.page.evaluate(() => window.race.signOut());
  }

  freeze() {
    return this.page.evaluate(() => window.race.freeze());
  }
}
