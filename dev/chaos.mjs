import { setTimeout as sleep } from "node:timers/promises";
import { startAuthorizationServer } from "./authorization-server.mjs";
import { report, wordsOf } from "./chaos-report.mjs";
import { isTokenRequest, kinds, refreshes, reuses, slowest } from "./chaos-strikes.mjs";
import { createWorld } from "./chaos-world.mjs";
import { seededDice } from "./dice.mjs";

/** Seconds for which a server has to take a spent token again, so that a lost answer costs no session. */
const forgiving = 10;
/** How often a command is tried after a round, with a second more before each. */
const attempts = 5;
const names = Object.keys(kinds);

/**
 * An agents' day: round after round of several processes of a command at once, and something that befalls them. Resolves to
 * whether nothing was lost but what nobody can keep.
 */
export async function playChaos({ command, signIn, rounds, processes, seed, ...options }, print) {
  /** What the server had been sent when it lost an answer. */
  const losses = [];
  const log = ({ fault }) => fault === "lose_answer" && losses.push([...server.requests]);
  const server = await startAuthorizationServer({ ...options, log });
  try {
    const world = createWorld({ server, command, signIn, ...options });
    const { ms, isNode } = await world.begin();
    const isStrict = (options.reuseWindow ?? 0) < forgiving;
    print(
      `${rounds} rounds of ${processes} processes, seed ${seed}, a ${isStrict ? "strict" : "forgiving"} server at ${server.url}`,
    );
    const setting = { ...world, losses, isNode, isStrict, count: processes, usual: ms };
    const played = [];
    for (let number = 1; number <= rounds; number += 1) {
      await sleep(options.accessTokenLifetime * 1000);
      const round = await play(setting, seed + number - 1);
      played.push(round);
      print(`round ${number} of ${rounds}  ${wordsOf(round)}`);
      if (round.loss && number < rounds && !(await isSignedInAgain(world, signIn))) {
        print("It ends here: with --sign-in it would go on.");
        break;
      }
    }
    return report(played, names, print);
  } finally {
    await server.close();
  }
}

async function play(setting, seed) {
  const { server, losses, isStrict } = setting;
  const dice = seededDice(seed);
  const kind = names[seed % names.length];
  const { mayFail, strike } = kinds[kind];
  server.requests.length = 0;
  losses.length = 0;
  const processes = Array.from({ length: setting.count }, () => setting.run());
  const instant = dice() * (setting.usual + slowest);
  const { victim, mayCost = () => false, notPlayed } = await strike({ ...setting, processes, dice, instant });
  const left = await Promise.all(processes.filter((process) => process !== victim).map(({ ended }) => ended));
  server.setFaults([]);
  if (kind === "nothing") setting.usual = Math.max(setting.usual, ...left.map(({ ms }) => ms));
  const failed = left.filter(({ code, isLate }) => isLate || (code !== 0 && !mayFail));
  const loss = await findLoss(setting);
  const isUnavoidable = isStrict && loss !== undefined && mayCost();
  return {
    kind,
    seed,
    notPlayed,
    requests: refreshes(server.requests).length,
    reuses: reuses(server.requests),
    failed: isUnavoidable ? 0 : failed.length,
    loss,
    isUnavoidable,
    stderr: failed[0]?.stderr ?? "",
  };
}

/** Whether the command still works, alone and undisturbed, with the session that it had. If not, why. */
async function findLoss({ server, run }) {
  for (let attempt = 1; ; attempt += 1) {
    const { code } = await run().ended;
    const tokenRequests = server.requests.filter(isTokenRequest);
    if (refreshes(tokenRequests).some(({ status }) => status === 400)) return "the server refused a refresh token";
    if (code === 0) {
      const isNew = tokenRequests.some(({ grant_type, status }) => status === 200 && grant_type !== "refresh_token");
      return isNew ? "it signed in again" : undefined;
    }
    if (attempt === attempts) return `the command ends with ${code} ever since`;
    await sleep(attempt * 1000);
  }
}

async function isSignedInAgain(world, signIn) {
  await world.signIn();
  const { code } = await world.run().ended;
  if (signIn && code !== 0) throw new Error(`the command ends with ${code} even after --sign-in`);
  return code === 0;
}
