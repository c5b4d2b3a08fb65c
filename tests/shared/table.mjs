const WIDTH = 120;

/** Markdown tables of at most so many characters a line, each with some of the columns. */
export function tables(names, rows) {
  const cells = [["", ...names], ...rows];
  const width = (column) => Math.max(3, ...cells.map((row) => row[column].length));
  const groups = [];
  let room = 0;
  for (let column = 1; column <= names.length; column++) {
    const needed = width(column) + 3;
    if (!groups.length || needed > room) {
      groups.push([0]);
      room = WIDTH - width(0) - 4;
    }
    groups.at(-1).push(column);
    room -= needed;
  }
  return groups.map((columns) => table(cells, columns, width)).join("\n\n");
}

function table([head, ...rows], columns, width) {
  const line = (row) => `| ${columns.map((column) => row[column].padEnd(width(column))).join(" | ")} |`;
  const rule = `|${columns.map((column) => "-".repeat(width(column) + 2)).join("|")}|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
