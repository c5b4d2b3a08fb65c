const TEXT = "@wasm@";

/**
 * The core, which the build inlines as printable ASCII (scripts/ascii.mjs): no bundler, server or policy needs to know
 * about a second file. The frequent bytes 0 to 69 and 99 to 119 are one character each, any other is " " or "!" and another.
 */
export function compile() {
  const bytes = new TextEncoder().encode(TEXT);
  let page = 0;
  let end = 0;
  // In place, since two characters may be one byte; and a function that is called so often is compiled sooner than a loop.
  bytes.forEach((code) => {
    if (code < 35) {
      page = code - 31;
    } else {
      const index = code - (code < 92 ? 35 : 36) + page * 91;
      bytes[end++] = index < 70 || index > 119 ? index : index < 91 ? index + 29 : index - 21;
      page = 0;
    }
  });
  return WebAssembly.compile(bytes.subarray(0, end));
}
