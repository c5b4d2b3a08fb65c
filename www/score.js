import { realTime } from "/clock.js";
import { follow } from "/lines.js";
import { endings, lasted } from "/words.js";

const element = (id) => document.getElementById(id);
const whoses = ["ours", "naive"];
let session;
let onLoss;
let sides;

follow(take);

/** Counts from now on what both clients of a session do, and calls back when one of them has lost it. */
export function startScore(of, lost) {
  session = of;
  onLoss = lost;
  sides = Object.fromEntries(whoses.map((whose) => [whose, { requests: 0, tokens: 0, loss: null }]));
}

/** Since now `whose` client is signed in. Other tabs and the next load of this page know of it, too. */
export function noteSignIn(whose) {
  localStorage.setItem(sinceKey(whose), realTime());
}

/** Draws both sides; `signedIn` says of each whether it is. Hidden while nobody is and nothing was lost. */
export function drawScore(signedIn) {
  for (const whose of whoses) {
    const side = sides[whose];
    element(`${whose}-verdict`).textContent = verdict(whose, side, signedIn[whose]);
    element(`${whose}-why`).textContent = signedIn[whose] ? "" : (side.loss?.why ?? "");
    element(`${whose}-requests`).textContent = side.requests;
    element(`${whose}-tokens`).textContent = side.tokens;
    element(`${whose}-score`).dataset.state = signedIn[whose] ? "live" : side.loss ? "lost" : "none";
  }
  element("score").hidden = !whoses.some((whose) => signedIn[whose] || sides[whose].loss);
  element("again").hidden = whoses.every((whose) => signedIn[whose]);
}

function verdict(whose, { loss }, isSignedIn) {
  const since = signInOf(whose);
  if (isSignedIn) return since ? `Signed in for ${lasted(realTime() - since)}` : "Signed in";
  return loss ? `Session lost after ${lasted(loss.at - loss.since)}` : "Not signed in";
}

function take({ session: of, whose, type, grant, reason }) {
  if (of !== session) return;
  const side = sides[whose];
  if (type === "request" && grant === "refresh_token") side.requests += 1;
  if (type === "rotated") side.tokens += 1;
  if (type === "ended" && reason !== "signed_out" && side.loss?.since !== signInOf(whose)) {
    side.loss = { since: signInOf(whose), at: realTime(), why: endings[reason] ?? reason };
    onLoss(whose, reason);
  }
}

/** When the client was signed in; 0 if nobody has noted it. */
function signInOf(whose) {
  return Number(localStorage.getItem(sinceKey(whose)));
}

function sinceKey(whose) {
  return `meshydb-client demo: ${whose} since, ${session}`;
}
