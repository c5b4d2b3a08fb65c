const TEXT = "@wasm@";

/**
 * The core, which the build inlines as printable ASCII (scripts/ascii.mjs): no bundler, server or policy has to know of
 * a second file. The frequent bytes 0 to 69 and 99 to 119 are one character each, any other is " " or "!" and another.
 */
function moduleBytes() {
  const bytes = [];
  let page = 0;
  for (const character of TEXT) {
    const code = character.charCodeAt();
    if (code < 35) {
      page = code - 31;
    } else {
      const index = code - (code < 92 ? 35 : 36) + page * 91;
      bytes.push(index < 70 || index > 119 ? index : index < 91 ? index + 29 : index - 21);
      page = 0;
    }
  }
  return Uint8Array.from(bytes);
}

export function compile() {
  return new WebAssembly.Module(moduleBytes());
}
