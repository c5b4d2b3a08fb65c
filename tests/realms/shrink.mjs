import { play } from "./play.mjs";

const LISTS = ["faults", "actions", "tabs"];

/** The smallest plan that still fails, taken apart one thing after another, with what it comes to. */
export async function shrunk(plan, given) {
  let smallest = { plan, ...(await play(plan, given)) };
  const kind = kindOf(smallest.violation);
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const without of smallerThan(smallest.plan)) {
      const outcome = await play(without, given);
      if (kindOf(outcome.violation) !== kind) continue;
      smallest = { plan: without, ...outcome };
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

function* smallerThan(plan) {
  if (plan.serviceWorker) yield { ...plan, serviceWorker: undefined };
  for (const name of LISTS) {
    const list = plan[name];
    for (const item of list) {
      const isOfTab = ({ tab }) => name !== "tabs" || tab !== item.number;
      yield {
        ...plan,
        actions: plan.actions.filter(isOfTab),
        faults: plan.faults.filter(isOfTab),
        [name]: list.filter((other) => other !== item),
      };
    }
  }
}

/** What went wrong, whoever it was. */
function kindOf(violation) {
  return violation?.replace(/[\w.]*\d[\w.]*/g, "…");
}
