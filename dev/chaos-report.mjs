import { quoted } from "./chaos-world.mjs";
import { table } from "./table.mjs";

const sum = (list, count) => list.reduce((total, entry) => total + Number(count(entry)), 0);
const isAvoidable = ({ loss, isUnavoidable }) => loss !== undefined && !isUnavoidable;

/** What came of a round, on one line, or with what a process that failed has said. */
export function wordsOf({ kind, seed, notPlayed, failed, loss, isUnavoidable, stderr }) {
  const again = `; again: --seed ${seed} --rounds 1`;
  const outcome = [loss && (isUnavoidable ? `UNAVOIDABLE: ${loss}` : `LOST: ${loss}`), failed && `${failed} failed`];
  const words = outcome.filter(Boolean).join(", ");
  const rest = notPlayed ? `not played: ${notPlayed}` : "ok";
  return `${kind.padEnd(12)}  ${words ? words + again + quoted(stderr) : rest}`;
}

/** Prints what was played and what came of it. Returns whether nothing was lost but what nobody can keep. */
export function report(rounds, kinds, print) {
  const rowOf = (name, list) => {
    const sums = [
      ({ notPlayed }) => !notPlayed,
      ({ requests }) => requests,
      ({ reuses }) => reuses,
      ({ failed }) => failed,
      isAvoidable,
      ({ isUnavoidable }) => isUnavoidable,
    ];
    return [name, ...sums.map((count) => String(sum(list, count)))];
  };
  const head = ["", "rounds", "refreshes", "reuses", "failed", "lost", "unavoidable"];
  const rows = kinds.map((kind) =>
    rowOf(
      kind,
      rounds.filter((round) => round.kind === kind),
    ),
  );
  for (const line of ["", ...table([head, ...rows, rowOf("all", rounds)]), ""]) print(line);
  const lost = sum(rounds, isAvoidable);
  const failed = sum(rounds, (round) => round.failed);
  print(lost + failed === 0 ? "Nothing was lost." : `Lost sessions: ${lost}. Failed processes: ${failed}.`);
  return lost + failed === 0;
}
