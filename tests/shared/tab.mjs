/** A browser tab's storages and place, as far as a sign-in needs them. `as` makes it the one in which code runs. */
export class Tab {
  sessionStorage;
  /** Resolves to where the page is left for. */
  left;
  #place;

  constructor(url, sessionStorage = new Storage()) {
    this.url = url;
    this.sessionStorage = sessionStorage;
  }

  set url(url) {
    this.#place = new URL(url);
  }

  get url() {
    return this.#place.href;
  }

  /** Makes it the one whose globals code sees. `shared` is the storage of all tabs. */
  show(shared) {
    const { sessionStorage } = this;
    const { href, origin, search } = this.#place;
    const location = { href, origin, search };
    this.left = new Promise((resolve) => {
      location.assign = resolve;
    });
    const replaceState = (_state, _title, url) => {
      this.url = url;
      Object.assign(location, { href: url, search: new URL(url).search });
    };
    Object.assign(globalThis, {
      location,
      sessionStorage,
      localStorage: shared,
      history: { state: null, replaceState },
    });
  }

  /** What a duplicated tab has. */
  copy() {
    return new Tab(this.url, Object.assign(new Storage(), this.sessionStorage));
  }
}

export class Storage {
  getItem(key) {
    return Object.hasOwn(this, key) ? this[key] : null;
  }

  setItem(key, value) {
    this[key] = String(value);
  }

  removeItem(key) {
    delete this[key];
  }
}

/** What a browser does from a URL on until it is at the application's, whose URL that is. Keeps its cookies in `cookies`. */
export async function follow(start, appOrigin, cookies = new Map()) {
  const { url, status, text } = await submit(start, {}, cookies, appOrigin);
  if (status) throw new Error(`${status} ${url}: ${text}`);
  return url;
}

/**
 * Submits a form there, or gets it where there are no fields, and follows to the page that comes of it, with its form's fields,
 * or to the application's, of which it has the URL alone.
 */
export async function submit(start, fields, cookies, appOrigin) {
  let url = new URL(start);
  let body = Object.keys(fields).length > 0 ? new URLSearchParams(fields) : undefined;
  while (url.origin !== appOrigin) {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const method = body ? "POST" : "GET";
    const response = await fetch(url, { method, body, redirect: "manual", headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    const next = response.headers.get("location");
    if (!next) return { status: response.status, ...pageOf(await response.text(), url) };
    url = new URL(next, url);
    body = undefined;
  }
  return { url: url.href };
}

function pageOf(text, url) {
  const inputs = [...text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
  const [, action = ""] = /<form[^>]* action="([^"]*)"/.exec(text) ?? [];
  const fields = Object.fromEntries(inputs.map(([, name, value]) => [name, value]));
  return { text, url: new URL(action.replaceAll("&amp;", "&"), url).href, fields };
}
