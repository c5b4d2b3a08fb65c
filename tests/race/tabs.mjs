import { setClock } from "./clock.js";

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
    return this.start(await this.load({ ahead, prepare }), options);
  }

  /** Starts the client of a tab that was loaded. */
  async start(tab, options) {
    const { error } = await tab.start(options);
    if (error) throw new Error(`does not start (${error})`);
    this.all.push(tab);
    this.server.refreshes = [];
    return tab;
  }

  /** A tab whose client has yet to start. */
  async load({ ahead = 0, prepare } = {}) {
    const page = await this.context.newPage();
    await page.evaluateOnNewDocument(setClock, this.#ahead + ahead);
    if (prepare) await page.evaluateOnNewDocument(prepare);
    await page.goto(`${this.site.url}/?${this.server.url}`);
    await page.waitForFunction(() => window.race);
    return new Tab(page);
  }

  async openAll(count) {
    for (let number = 1; number <= count; number++) await this.open();
    return this.all;
  }

  async close(tab) {
    this.all = this.all.filter((other) => other !== tab);
    await tab.page.close();
  }

  /** Its client has yet to start. */
  async reload(tab) {
    this.all = this.all.filter((other) => other !== tab);
    await tab.page.reload();
    await tab.page.waitForFunction(() => window.race);
    await tab.page.evaluate((ahead) => {
      window.ahead = ahead;
    }, this.#ahead);
    return tab;
  }

  /** On all clocks. */
  async timePasses(ms) {
    this.server.timePasses(ms);
    this.#ahead += ms;
    for (const { page } of this.all) await page.evaluate((ms) => window.race.timePasses(ms), ms);
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

  /** What comes of the start of its client. */
  start(options = {}) {
    return this.page.evaluate((options) => window.race.open(options), options);
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

  /** Signs out, and is loaded anew before anything else can happen. */
  async signOutAndLeave() {
    const navigated = this.page.waitForNavigation();
    await this.page.evaluate(() => window.race.signOutAndLeave());
    await navigated;
    await this.page.waitForFunction(() => window.race);
  }

  /** A service worker that refreshes for the client; says whether that has one. */
  install() {
    return this.page.evaluate(() => window.race.install());
  }

  /** What comes of a request to the client in a worker of this tab. */
  inWorker(...request) {
    return this.page.evaluate((...request) => window.race.inWorker(...request), ...request);
  }

  /** Its thread is busy for so long after the next call of this name, in a page that watches for it. */
  blockAfter(blocksAfter, blocksFor) {
    return this.page.evaluate((block) => void Object.assign(window, block), { blocksAfter, blocksFor });
  }

  freeze() {
    return this.page.evaluate(() => window.race.freeze());
  }
}
