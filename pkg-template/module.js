const TEXT = "@wasm@";

/**
 * The core, which the build inlines as printable ASCII (scripts/ascii.mjs): no bundler, server or policy has to know of
 * a second file. The frequent bytes 0 to 65 and 96 to 117 are one character each, any other is "#" or "$" and another.
 */
export function moduleBytes() {
  const bytes = [];
  let prefix = 0;
  for (const character of TEXT) {
    const value = " !".indexOf(character) < 0 ? character.charCodeAt() - 37 : character === "!" ? 55 : 59;
    if (value < 0) {
      prefix = value + 3;
    } else {
      const index = value + (prefix - 1) * 88;
      bytes.push(prefix ? index + (index < 30 ? 66 : 88) : value + (value < 66 ? 0 : 30));
      prefix = 0;
    }
  }
  return Uint8Array.from(bytes);
}
