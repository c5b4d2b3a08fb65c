/** Rows of texts as lines, each column as wide as its widest cell. */
export function table(rows) {
  const width = (column) => Math.max(...rows.map((row) => row[column].length));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(width(column)))
      .join("  ")
      .trimEnd(),
  );
}
