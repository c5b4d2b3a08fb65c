import { realTime } from "/clock.js";
import { follow } from "/lines.js";

const SPAN = 30_000;
const KEPT = 2_000;
const element = (id) => document.getElementById(id);

const lanes = new Map();
const lines = [];

/** Draws what this tab and all others do: a lane for each tab, and one for the naive client of all of them. */
export function drawTimeline() {
  element("copy-trace").addEventListener("click", () => navigator.clipboard.writeText(lines.map(asText).join("\n")));
  follow(show);
  setInterval(move, 250);
}

function show(line) {
  lines.push(line);
  if (lines.length > KEPT) lines.shift();
  const mark = document.createElement("i");
  mark.dataset.type = line.type;
  mark.dataset.good = String(line.status === undefined ? line.code === undefined : line.status === 200);
  mark.dataset.at = line.at;
  mark.title = asText(line);
  laneOf(line).append(mark);
  place(mark, realTime());
  element("trace-last").textContent = asText(line);
}

function laneOf(line) {
  const key = line.whose === "naive" ? line.whose : line.id;
  if (!lanes.has(key)) {
    const lane = document.createElement("li");
    const label = document.createElement("span");
    label.textContent = line.whose === "naive" ? "Naive" : tabOf(line);
    lane.dataset.whose = line.whose;
    const track = document.createElement("div");
    lane.append(label, track);
    element("lanes").append(lane);
    lanes.set(key, track);
  }
  return lanes.get(key);
}

function place(mark, now) {
  mark.style.left = `${100 - ((now - Number(mark.dataset.at)) / SPAN) * 100}%`;
}

function move() {
  const now = realTime();
  for (const [key, track] of lanes) {
    if (track.childElementCount === 0) {
      track.parentElement.remove();
      lanes.delete(key);
    }
    for (const mark of [...track.children]) {
      if (now - Number(mark.dataset.at) > SPAN) mark.remove();
      else place(mark, now);
    }
  }
}

function tabOf({ isHere, name }) {
  return isHere ? "This tab" : (name ?? "Another tab");
}

function asText(line) {
  const { id, session, isHere, name, whose, at, type, ...details } = line;
  const time = new Date(at).toISOString().slice(11, 23);
  const words = Object.entries(details).map(([detail, value]) => `${detail} ${value}`);
  return [time, tabOf(line), whose === "naive" && "(naive)", type, ...words].filter(Boolean).join(" ");
}
