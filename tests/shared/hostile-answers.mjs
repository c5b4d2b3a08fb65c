import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { head, reply } from "./recorder.mjs";

const json = "application/json";
const set = { access_token: "at-hostile", token_type: "Bearer", expires_in: 0, refresh_token: "rt-hostile" };
const good = JSON.stringify(set);
const refusal = JSON.stringify({ error: "invalid_grant" });
const page = "<!doctype html><title>Sign in</title>";

/** What an answer of that status means that is no token response. */
function failure(status, more) {
  const [code, retryable] =
    status === 429
      ? ["rate_limited", true]
      : status === 408 || status === 425 || status >= 500
        ? ["unavailable", true]
        : status >= 400
          ? ["refused", false]
          : ["invalid_response", false];
  return { code, status, retryable, ...more };
}
const noToken = failure(200);
const network = { code: "network", status: undefined, retryable: true };
const refusedGrant = (status) => failure(status, { code: "invalid_grant", error: "invalid_grant" });

const whole = (status, body, headers) => (socket) => reply(socket, status, body, headers);
const row = (what, answer, expected, more) => ({ what, answer, expected, ...more });
const body = (what, text, expected = noToken) => row(what, whole(expected.status, text), expected);
/** A head of one's own and what follows it. */
const raw = (headers, rest = good, statusLine = "HTTP/1.1 200 OK") => {
  const lines = [statusLine, `Content-Type: ${json}`, ...headers, "Connection: close", "", ""];
  return (socket) => socket.end(Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), Buffer.from(rest)]));
};
const length = `Content-Length: ${good.length}`;
const chunked = "Transfer-Encoding: chunked";
const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

function shown(value) {
  return JSON.stringify(value).replace(/[^ -~]/g, (character) => `U+${character.charCodeAt(0).toString(16)}`);
}

const truncated = Array.from({ length: good.length }, (_, end) =>
  body(`tokens cut at byte ${end}`, good.slice(0, end)),
);
const truncatedRefusals = Array.from({ length: refusal.length }, (_, end) =>
  body(`invalid_grant cut at byte ${end}`, refusal.slice(0, end), failure(400, { error: undefined })),
);

/** JSON that no member may be. */
const values = [
  ...["null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e400", "-1e400", "1e-400", "9007199254740993"],
  ...["[]", '["x"]', "{}", '{"a":1}', '{"toString":"x"}', '""', '" "', '"a b"', '"a\\u0000b"', '"a\\r\\nb"', '"\\t"'],
  ...['"\\ud800"', '"\\udc00x"', '"\u00e9"', '"\\u2028"', '"\ud83d\ude00"', '"\\u007f"', '"\\ufeffx"', '"\\u202ex"'],
];
/** The same as none: the old one stays. */
const NO_REFRESH_TOKEN = ["null", '""'];
const withMember = (name, value) => JSON.stringify({ ...set, [name]: "@" }).replace('"@"', value);
const wrongMembers = ["access_token", "token_type", "refresh_token"].flatMap((name) =>
  values
    .filter((value) => name !== "refresh_token" || !NO_REFRESH_TOKEN.includes(value))
    .map((value) => body(`${name} ${shown(value)}`, withMember(name, value))),
);
const wrongTypes = ["mac", "Basic", "bearer ", "bearer,", "b\\u0000earer", "\\u0131bearer", "DPoP", "N_A"].map((type) =>
  body(`token_type ${type}`, withMember("token_type", `"${type}"`)),
);
const missing = ["access_token", "token_type"].map((name) =>
  body(`no ${name}`, JSON.stringify({ ...set, [name]: undefined })),
);
const duplicates = ["access_token", "token_type"].flatMap((name) => [
  body(`${name} twice, then null`, good.replace("}", `,"${name}":null}`)),
  body(`${name} twice, then empty`, good.replace("}", `,"${name}":""}`)),
]);

const nested = (depth) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
const shapes = {
  blank: " \r\n\t",
  "a NUL": "\0",
  null: "null",
  true: "true",
  zero: "0",
  "minus zero": "-0",
  "an infinite number": "1e400",
  NaN: "NaN",
  Infinity: "-Infinity",
  undefined: "undefined",
  "a string": JSON.stringify(good),
  "an empty array": "[]",
  "an array of it": `[${good}]`,
  "an empty object": "{}",
  "it in a member": `{"data":${good}}`,
  "it as a prototype": `{"__proto__":${good}}`,
  "it as a constructor": `{"constructor":{"prototype":${good}}}`,
  "other names": good.replaceAll('":', '_":'),
  "names in capitals": good.toUpperCase(),
  "names in Cyrillic": good.replaceAll("e", "\u0435"),
  "a BOM": `\ufeff${good}`,
  "UTF-16": Buffer.from(`\ufeff${good}`, "utf16le"),
  "UTF-32": Buffer.from([...good].flatMap((character) => [character.charCodeAt(0), 0, 0, 0])),
  "single quotes": good.replaceAll('"', "'"),
  "a comma at its end": good.replace("}", ",}"),
  "a comment": `${good}// x`,
  "a semicolon": `${good};`,
  "a NUL at its end": `${good}\0`,
  "two of them": good + good,
  "two lines of them": `${good}\n${good}`,
  "a prefix against hijacking": `)]}',\n${good}`,
  JSONP: `callback(${good})`,
  "a form": new URLSearchParams(set).toString(),
  XML: "<access_token>x</access_token>",
  "a line break in a string": good.replace("at-", "at\n"),
  "a tab in a string": good.replace("at-", "at\t"),
  "no-break spaces": `\u00a0${good}`,
  "invalid UTF-8": Buffer.concat([Buffer.from(good), Buffer.from([0xff])]),
  "overlong UTF-8": Buffer.concat([Buffer.from([0xc0, 0xa0]), Buffer.from(good)]),
  "surrogates in UTF-8": Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')]),
  "half a character": Buffer.concat([Buffer.from(good), Buffer.from([0xe2, 0x82])]),
  "open arrays": "[".repeat(65_000),
  "open objects": '{"a":'.repeat(13_000),
  "deep arrays": "[".repeat(32_000) + "]".repeat(32_000),
  "deep objects": nested(10_000),
  "64 KiB and a byte": good.padEnd(65_537),
  "a MiB": good.padEnd(1_048_576),
};
const wrongShapes = Object.entries(shapes).map(([what, text]) => body(`200 with ${what}`, text));

const nearlyInvalidGrant = [
  ...["Invalid_Grant", "INVALID_GRANT", "invalid_grant ", " invalid_grant", "invalid-grant", "invalid_grants"],
  ...["invalid_grant\0", "invalid_grant\n", "invalid\u200b_grant", "\u0456nvalid_grant", "unauthorized_client"],
].map((error) => {
  const told = error.replace(/[^ -~]/g, "");
  // What reads so only without the characters that nobody is shown is not told.
  const isProof = told === "invalid_grant";
  return body(
    `the error ${shown(error)}`,
    JSON.stringify({ error }),
    failure(400, { error: isProof ? undefined : told }),
  );
});
const unnamed = failure(400, { error: undefined });
const noInvalidGrant = {
  "in an array": `[${refusal}]`,
  "in a member": `{"error":${refusal}}`,
  "in a list": '{"error":["invalid_grant"]}',
  "as a prototype": `{"__proto__":${refusal}}`,
  "as a string": '"invalid_grant"',
  "as a description": '{"error_description":"invalid_grant"}',
  "after a BOM": `\ufeff${refusal}`,
  "in UTF-16": Buffer.from(refusal, "utf16le"),
  "in a form": "error=invalid_grant",
  "twice, then null": '{"error":"invalid_grant","error":null}',
  "and a bracket": `${refusal}]`,
  "in 64 KiB and a byte": refusal.padEnd(65_537),
  "with a byte that is no UTF-8": Buffer.concat([Buffer.from(refusal), Buffer.from([0xff])]),
};
const hiddenInvalidGrant = Object.entries(noInvalidGrant).map(([what, text]) =>
  body(`invalid_grant ${what}`, text, unnamed),
);
const errorValues = values
  .filter((value) => !value.startsWith('"'))
  .map((value) => body(`the error ${shown(value)}`, `{"error":${value}}`, unnamed));

const mediaTypes = [
  ...["", "text/plain", "text/html", "text/json", "application/jsonp", "application/json5", "application/json+x"],
  ...["application/problem+json", "application/vnd.api+json", "application /json", "application/ json", "json", "*/*"],
  ...["application/json x", "application/json, application/json", "application/json,text/html", ";application/json"],
  ...[
    "text/html; application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    '"application/json"',
  ],
];
const wrongMedia = mediaTypes.map((type) =>
  row(`tokens as "${type}"`, whole(200, good, { "Content-Type": type }), noToken),
);

export const kinds = { invalid_grant: refusal, tokens: good, HTML: page, nothing: "" };
/** Statuses whose body fetch hands out, and what they mean with each kind of body. */
export const statuses = [
  ...[201, 202, 203, 206, 207, 226, 299, 300, 304, 305, 306],
  ...[400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 426],
  ...[428, 431, 451, 499, 408, 425, 429, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599],
];
export function judged(status, kind) {
  const isGrant = kind === "invalid_grant" && ([200, 201].includes(status) || failure(status).code === "refused");
  return isGrant ? refusedGrant(status) : failure(status);
}
export const endsSession = (status, kind) => [400, 401, 403].includes(status) && kind === "invalid_grant";
const contentTypes = { HTML: "text/html", nothing: undefined };
const byStatus = [...statuses, 600, 999].flatMap((status) =>
  Object.keys(kinds)
    .filter((kind) => !endsSession(status, kind) && !(status === 201 && kind === "tokens"))
    .map((kind) =>
      row(
        `${status} with ${kind}`,
        whole(status, status === 304 ? "" : kinds[kind], { "Content-Type": contentTypes[kind] ?? json }),
        judged(status, kind),
      ),
    ),
);
const withoutTokens = [
  body("200 with invalid_grant", refusal, refusedGrant(200)),
  ...["HTML", "nothing"].map((kind) => body(`200 with ${kind}`, kinds[kind])),
];
/** 204 and 205 have no body for fetch; 1xx and 407 are no answer for it. */
const special = Object.keys(kinds).flatMap((kind) => [
  ...[204, 205].map((status) => row(`${status} with ${kind}`, whole(status, kinds[kind]), failure(status))),
  ...[100, 101, 103, 199, 407].map((status) => row(`${status} with ${kind}`, whole(status, kinds[kind]), network)),
]);

const locations = {
  "another origin": (elsewhere) => `${elsewhere}/demo/connect/token`,
  "another origin without a scheme": (elsewhere) => elsewhere.replace("http:", ""),
  "another path": () => "/other",
  "a script": () => "javascript:alert(1)",
  "no URL": () => "http://[",
  nowhere: () => "",
};
const redirects = [301, 302, 303, 307, 308].flatMap((status) =>
  Object.entries(locations).map(([what, location]) =>
    row(
      `${status} to ${what}`,
      (socket, elsewhere) => reply(socket, status, refusal, { Location: location(elsewhere) }),
      failure(status),
    ),
  ),
);

/** What is asked for, if it is a time: of what is not nothing becomes a longer pause. */
const retryAfter = {
  12: 12,
  "0012": 12,
  3600: 3600,
  3601: 3600,
  ["9".repeat(400)]: 3600,
  "Fri, 31 Dec 2199 23:59:59 GMT": 3600,
  "Friday, 31-Dec-99999 23:59:59 GMT": 3600,
  ...Object.fromEntries(
    ["0", "-5", "+5", "1.5", "1e3", "0x7f", "", "soon", "NaN", "Infinity", "-Infinity", "12 seconds", "12;", "12, 13"]
      .concat("Thu, 01 Jan 1970 00:00:00 GMT", "null", "\u00b2", "12\t13", "[12]", "-99999999999999999999")
      .map((value) => [value, undefined]),
  ),
};
const pauses = Object.entries(retryAfter).flatMap(([value, seconds]) =>
  [429, 503].map((status) => {
    const expected = failure(status, seconds && { retryAfter: seconds });
    const what = `${status} with Retry-After ${value.length > 40 ? "of 400 digits" : shown(value)}`;
    return row(what, whole(status, "", { "Retry-After": value }), expected);
  }),
);

const cut = (status, text) => (socket) =>
  socket.end(`${head(status, { "Content-Type": json, "Content-Length": 500 })}${text}`);
const reset = (status, text) => (socket) =>
  socket.write(`${head(status, { "Content-Type": json, "Content-Length": 500 })}${text}`, () =>
    socket.resetAndDestroy(),
  );
const broken = [
  ...[200, 400, 500].flatMap((status) =>
    Object.entries(kinds).flatMap(([kind, text]) => [
      row(`${status} with ${kind} and a Content-Length that is too long`, cut(status, text), network),
      row(`${status} with ${kind} that is reset`, reset(status, text), network),
    ]),
  ),
  row("a Content-Length that is too short", raw(["Content-Length: 10"]), noToken),
  ...["-5", "x", "1e2", "0x4f", "9".repeat(30), `+${good.length}`].map((value) =>
    row(`a Content-Length of ${value}`, raw([`Content-Length: ${value}`]), network),
  ),
  row("two lengths", raw([length, length]), network),
  row("a length and chunks", raw([length, chunked], `${chunk(good)}0\r\n\r\n`), network),
  row("chunks whose size is no number", raw([chunked], `zz\r\n${good}\r\n0\r\n\r\n`), network),
  row("chunks whose size is too large", raw([chunked], `${"f".repeat(20)}\r\n${good}`), network),
  row("chunks whose size is too small", raw([chunked], `5\r\n${good}\r\n0\r\n\r\n`), network),
  row("chunks that end after half", raw([chunked], chunk(good.slice(0, 40))), noToken),
  row("no chunk", raw([chunked], "0\r\n\r\n"), noToken),
  ...["HTTP/1.1 2OO OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 099 OK", "HTTP/1.1 000 OK", "HTTP/1.1 -200 OK"]
    .concat("HTTP/9.9 200 OK", "ICY 200 OK", "http/1.1 200 OK", "HTTP/1.1200 OK", "POST / HTTP/1.1", "200 OK", "")
    .map((line) => row(`the status line "${line}"`, raw([length], good, line), network)),
  ...["garbage", "X@(): y", "X: a\0b"].map((line) =>
    row(`the header line ${shown(line)}`, raw([line, length]), network),
  ),
  row("a header of 32 KiB", raw([`X: ${"y".repeat(32_768)}`, length]), network),
  row("4,000 headers", raw([...Array.from({ length: 4_000 }, (_, index) => `X-${index}: 1`), length]), network),
  row("a page without a head", (socket) => socket.end(page), network),
  row("a head that ends in the middle", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Ty"), network),
  row("TLS", (socket) => socket.end(Buffer.from([0x15, 3, 1, 0, 2, 2, 0x46])), network),
  row("nothing but an end", (socket) => socket.end(), network),
];

const corrupt = gzipSync(good);
corrupt[corrupt.length - 5] ^= 0xff;
const encoded = [
  ...["gzip", "deflate", "br", "gzip, br", Array(20).fill("gzip").join(", ")].map((encoding) => [
    encoding,
    good,
    network,
  ]),
  ["gzip", corrupt, network, "with a wrong sum"],
  ["gzip", gzipSync(good).subarray(0, 30), noToken, "that is cut"],
  ["gzip", gzipSync(gzipSync(good)), noToken, "twice, and says so once"],
  ["gzip", gzipSync(good.padEnd(20_000_000)), noToken, "of 20 MB"],
  ["br", brotliCompressSync(good.padEnd(20_000_000)), noToken, "of 20 MB"],
  ["identity", gzipSync(good), noToken, "that is in gzip"],
  ["identity", deflateSync(good), noToken, "that is in deflate"],
].map(([encoding, bytes, expected, what = "that is not"]) =>
  row(
    `${encoding.length > 40 ? "gzip, twenty times," : encoding} ${what}`,
    whole(200, bytes, { "Content-Encoding": encoding }),
    expected,
  ),
);

const late = { code: "timeout", status: undefined, retryable: true };
const stalled = [
  row("a head that stops", (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Ty"), late),
  row(
    "chunks that stop",
    (socket) => socket.write(`${head(200, { "Content-Type": json, "Transfer-Encoding": "chunked" })}5\r\n{"a`),
    late,
  ),
  row(
    "gzip that stops",
    (socket) => {
      socket.write(head(200, { "Content-Type": json, "Content-Encoding": "gzip" }));
      socket.write(gzipSync(good).subarray(0, 30));
    },
    late,
  ),
];

export const hostileAnswers = {
  "tokens that are cut": truncated,
  "an error that is cut": truncatedRefusals,
  "a member that is wrong": [...wrongMembers, ...wrongTypes, ...missing, ...duplicates],
  "a body that is wrong": [...wrongShapes, ...withoutTokens],
  "an error that is not invalid_grant": [...nearlyInvalidGrant, ...hiddenInvalidGrant, ...errorValues],
  "another media type": wrongMedia,
  "another status": [...byStatus, ...special],
  "a redirect": redirects,
  "a Retry-After": pauses,
  "a connection that breaks, or is not HTTP": broken,
  "an encoding": encoded,
  "an answer that stops": stalled,
};

const accepted = (what, text, headers) => row(what, whole(200, text, headers));
/** Odd, and yet token responses with these tokens. */
export const acceptedAnswers = [
  row("tokens in a 201", whole(201, good, {})),
  ...["expires_in", "scope"].flatMap((name) =>
    values.map((value) => accepted(`${name} ${shown(value)}`, withMember(name, value))),
  ),
  accepted(
    "members that nobody knows",
    good.replace("{", '{"constructor":1,"__proto__":{"access_token":5},"toString":[],'),
  ),
  accepted("a lone surrogate in one of these", good.replace("{", '{"\\ud800":"\\udfff",')),
  accepted("10,000 objects in one of these", good.replace("{", `{"deep":${nested(10_000)},`)),
  accepted("an infinite number in one of these", good.replace("{", '{"n":[1e400,-0,1e-400],')),
  accepted("access_token twice, and then right", good.replace("{", '{"access_token":5,')),
  accepted("escapes in names", good.replace("access", "\\u0061ccess")),
  accepted("white space", ` \r\n\t${good.replaceAll(",", "\t,\n")}\r\n`),
  accepted("64 KiB", good.padEnd(65_536)),
  accepted("an error beside them", good.replace("{", '{"error":"invalid_grant",')),
  ...['application/json;charset="utf-16"', "APPLICATION/JSON", "application/json \t; x", "application/json;"].map(
    (type) => accepted(`as ${shown(type)}`, good, { "Content-Type": type }),
  ),
  ...Object.entries({ gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }).map(([encoding, compress]) =>
    accepted(`in ${encoding}`, compress(good), { "Content-Encoding": encoding }),
  ),
  row("chunk by chunk", raw([chunked], `${[...good].map(chunk).join("")}0\r\n\r\n`)),
  row("after early hints", raw([length], good, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK")),
  row("with 500 headers", raw([...Array.from({ length: 500 }, (_, index) => `X-${index}: 1`), length])),
];

const refuses = (what, text, headers, status = 400) => row(what, whole(status, text, headers), undefined, { status });
/** All that end a session: status 400, 401 or 403, and the error invalid_grant in JSON. */
export const endingAnswers = [
  refuses("as RFC 6749 has it", refusal),
  refuses("with a charset", refusal, { "Content-Type": "application/json; charset=utf-8" }),
  refuses("in capitals", refusal, { "Content-Type": "Application/JSON" }),
  refuses("with escapes", '{"\\u0065rror":"invalid\\u005fgrant"}'),
  refuses("twice, and then so", '{"error":"x","error":"invalid_grant"}'),
  refuses("beside tokens", good.replace("{", '{"error":"invalid_grant",')),
  refuses("with a description of another type", '{"error":"invalid_grant","error_description":{}}'),
  refuses("in 64 KiB", refusal.padEnd(65_536)),
  refuses("in gzip", gzipSync(refusal), { "Content-Encoding": "gzip" }),
  refuses("with a Retry-After", refusal, { "Retry-After": "3600" }),
  refuses("in a 401", refusal, { "WWW-Authenticate": "Bearer" }, 401),
  refuses("in a 403", refusal, {}, 403),
  ...mediaTypes.map((type) => refuses(`as "${type}"`, refusal, { "Content-Type": type })),
];
