const SPAN = 30_000;
const KEPT = 2_000;
const element = (id) => document.getElementById(id);

const lanes = new Map();
const lines = [];

/** Sends what happens to a client to every open tab of this site, under a name, if it has one. */
export function share(client, name) {
  const id = crypto.randomUUID();
  const channel = new BroadcastChannel("meshydb-client demo");
  client.trace((event) => {
    const line = { id, name, ...event };
    show({ ...line, name: "This tab" });
    channel.postMessage(line);
  });
  return channel;
}

/** Draws what this tab and all others do, on a lane for each. */
export function drawTimeline() {
  element("copy-trace").addEventListener("click", () => navigator.clipboard.writeText(lines.map(asText).join("\n")));
  setInterval(move, 250);
}

/** Takes a line of this tab or of another. */
export function show(line) {
  if (!element("lanes")) return;
  lines.push(line);
  if (lines.length > KEPT) lines.shift();
  const mark = document.createElement("i");
  mark.dataset.type = line.type;
  mark.dataset.good = String(line.status === undefined ? line.code === undefined : line.status === 200);
  mark.dataset.at = line.at;
  mark.title = asText(line);
  laneOf(line).append(mark);
  place(mark, Date.now());
  element("trace-last").textContent = asText(line);
}

function laneOf({ id, name }) {
  if (!lanes.has(id)) {
    const lane = document.createElement("li");
    const label = document.createElement("span");
    label.textContent = name ?? "Another tab";
    const track = document.createElement("div");
    lane.append(label, track);
    element("lanes").append(lane);
    lanes.set(id, track);
  }
  return lanes.get(id);
}

function place(mark, now) {
  mark.style.left = `${100 - ((now - Number(mark.dataset.at)) / SPAN) * 100}%`;
}

function move() {
  const now = Date.now();
  for (const [id, track] of lanes) {
    if (track.childElementCount === 0) {
      track.parentElement.remove();
      lanes.delete(id);
    }
    for (const mark of [...track.children]) {
      if (now - Number(mark.dataset.at) > SPAN) mark.remove();
      else place(mark, now);
    }
  }
}

function asText({ id, name = "Another tab", at, type, ...details }) {
  const time = new Date(at).toISOString().slice(11, 23);
  const words = Object.entries(details).map(([detail, value]) => `${detail} ${value}`);
  return [time, name, type, ...words].join(" ");
}
