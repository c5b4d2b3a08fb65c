import { World } from "./world.mjs";

/** Plays a plan with the package: what went wrong, if anything did, in how many steps, and what happened. */
export async function play(plan, given) {
  const world = new World(plan, given);
  const unhandled = (error) => world.checks.fail(`nobody handles ${error?.stack ?? error}`);
  process.on("unhandledRejection", unhandled);
  try {
    await world.play();
  } catch ({ message }) {
    world.checks.fail(message);
  } finally {
    process.off("unhandledRejection", unhandled);
  }
  const { violation } = world.checks;
  return { violation, steps: world.time.steps, trace: world.trace };
}
