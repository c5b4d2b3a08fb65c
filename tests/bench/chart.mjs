const WIDTH = 720;
const NAMES = 190;
const VALUES = 110;
const ROW = 26;
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .bar { fill: #8c959f; }
  .own { fill: #0969da; }
  .line { fill: none; stroke: #0969da; stroke-width: 2; }
  .axis { stroke: #8c959f; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .bar { fill: #6e7681; }
    .own { fill: #4493f8; }
    .line { stroke: #4493f8; }
  }`;

/** Groups of horizontal bars, each with a scale of its own: `{ title, bars: [{ name, value, text, isOwn }] }`. */
export function barChart({ title, description, groups }) {
  let y = 0;
  const parts = groups.flatMap((group) => {
    const longest = Math.max(...group.bars.map(({ value }) => value));
    y += ROW + 6;
    const heading = `<text class="title" x="0" y="${y - 10}">${escaped(group.title)}</text>`;
    const bars = group.bars.map(({ name, value, text, isOwn }) => {
      const length = Math.max(1, Math.round((value / longest) * (WIDTH - NAMES - VALUES)));
      y += ROW;
      return [
        `<text x="${NAMES - 8}" y="${y - 9}" text-anchor="end">${escaped(name)}</text>`,
        `<rect class="${isOwn ? "own" : "bar"}" x="${NAMES}" y="${y - ROW + 3}" width="${length}" height="${ROW - 6}"/>`,
        `<text x="${NAMES + length + 8}" y="${y - 9}">${escaped(text)}</text>`,
      ].join("\n");
    });
    y += 10;
    return [heading, ...bars];
  });
  return svg({ title, description, height: y, parts });
}

/** One line through points `[x, y]`, from nothing to the highest `y`. */
export function lineChart({ title, description, points, xText, yText }) {
  const [left, top, height] = [10, 34, 180];
  const [right, bottom] = [WIDTH - 10, top + height];
  const last = points.at(-1)[0];
  const highest = Math.max(...points.map(([, value]) => value));
  const place = ([x, value]) => [left + (x / last) * (right - left), bottom - (value / highest) * height];
  const path = points
    .map((point) =>
      place(point)
        .map((number) => number.toFixed(1))
        .join(","),
    )
    .join(" ");
  const parts = [
    `<text class="title" x="0" y="22">${escaped(title)}</text>`,
    `<line class="axis" x1="${left}" y1="${bottom}" x2="${right}" y2="${bottom}"/>`,
    `<polyline class="line" points="${path}"/>`,
    `<text x="${right}" y="22" text-anchor="end">${escaped(yText(highest))} at most</text>`,
    `<text x="${left}" y="${bottom + 20}">0</text>`,
    `<text x="${right}" y="${bottom + 20}" text-anchor="end">${escaped(xText(last))}</text>`,
  ];
  return svg({ title, description, height: bottom + 30, parts });
}

function svg({ title, description, height, parts }) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<style>${STYLE}\n</style>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
