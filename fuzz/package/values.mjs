import { canary } from "./canary.mjs";

/** Of the moment in which they are told. */
const now = (offset) => () => String(Date.now() + offset);
const date = (offset) => () => new Date(Date.now() + offset).toUTCString();
const deep = "[".repeat(2_000) + "]".repeat(2_000);

/** As they stand in JSON. */
export const jsonValues = [
  ...[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "60",
    "3600",
    "0.5",
    "1e999",
    "-1e999",
    "1e-400",
    "9007199254740993",
  ],
  ...["8640000000000001", "1e15", now(0), now(-1), now(60_000), () => String(Date.now() * 1000)],
  ...[
    '""',
    '" "',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"é"',
    '"60"',
    '"060"',
    '"6e1"',
    '"0x10"',
    '"99999999999999999999"',
  ],
  ...[
    '"Bearer"',
    '"bearer"',
    '"BEARER "',
    '"mac"',
    '"invalid_grant"',
    '"invalid_client"',
    '"signed_out"',
    '"0123456789abc"',
  ],
  ...[
    "[]",
    "{}",
    "[1]",
    '{"__proto__":1}',
    '{"toString":1}',
    deep,
    `"${"x".repeat(70_000)}"`,
    `"${canary}"`,
    `"${canary} ${canary}"`,
  ],
];

/** As a caller may hand them in. */
export const values = [
  ...[undefined, null, true, false, 0, -0, 1, -1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 1e308],
  ...["", " ", "\0", "\ud800", "é", "none", "local", "x".repeat(1_024), "x".repeat(1_025), "x".repeat(70_000), canary],
  ...[
    "https://auth.example",
    "https://auth.example/",
    "http://127.0.0.1:1",
    "http://auth.example",
    "HTTPS://auth.example",
  ],
  ...[
    "https://a:b@auth.example",
    "https://auth.example/?a",
    "https://auth.example/#",
    "https://[::1]",
    "https://auth.example:443",
  ],
  ...[
    "https://auth.example/a/../b",
    "https://xn--a",
    "https:auth.example",
    "javascript:alert(1)",
    "file:///",
    "//auth.example",
  ],
  ...[
    "https://\u0000",
    "https://auth.example\\@b",
    "https://auth.exam\tple",
    "https://ａuth.example",
    "blob:https://auth.example/1",
  ],
  ...[
    1n,
    Symbol("s"),
    [],
    [1],
    {},
    () => {},
    new Date(NaN),
    new Proxy({}, { get: () => Symbol.iterator }),
    Object.create(null),
  ],
];

export const retryAfters = [
  ...[
    null,
    "",
    "0",
    "1",
    "-1",
    "1.5",
    " 2 ",
    "2, 3",
    "3600",
    "3601",
    "9".repeat(400),
    "1e3",
    "0x10",
    "Infinity",
    "NaN",
    "\u0663",
  ],
  ...[date(5_000), date(-5_000), "Thu, 01 Jan 1970 00:00:00 GMT", "99999", "2026"],
  ...[
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT+99",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "+275760-09-13",
    "tomorrow",
  ],
];

export const contentTypes = [
  ...[
    "application/json",
    "application/json",
    "application/json;charset=utf-8",
    "APPLICATION/JSON",
    "application/json ; x=y",
  ],
  ...["application/jsonp", "text/html", "", null, "application/json, text/html", "\u0000", "application/problem+json"],
];

export const statuses = [
  ...[200, 200, 200, 200, 400, 400, 400, 401, 403, 404, 408, 425, 429, 500, 502, 503, 599],
  ...[0, 100, 201, 204, 206, 301, 302, 304, 600, 999, -1, 65_736, 200.5, Number.NaN, "200", null, undefined],
];
