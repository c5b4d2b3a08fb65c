const HEX = "@wasm@";

/** The core, which the build inlines: no bundler, server or policy has to know of a second file. */
export function moduleBytes() {
  if (Uint8Array.fromHex) return Uint8Array.fromHex(HEX);
  const digit = (index) => {
    const code = HEX.charCodeAt(index);
    return code < 58 ? code - 48 : code - 87;
  };
  return Uint8Array.from({ length: HEX.length / 2 }, (_, index) => digit(2 * index) * 16 + digit(2 * index + 1));
}
