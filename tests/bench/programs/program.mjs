/** What the program was asked for, and how it answers. */
export const asked = JSON.parse(process.argv[2] ?? "{}");

export function answer(figures) {
  process.stdout.write(JSON.stringify(figures), () => process.exit());
}
