import { join } from "node:path";
import { build } from "./build.mjs";
import { setUp, setUpBrowsers } from "./setup.mjs";
import { main, run, StepError, step } from "./steps.mjs";

const cargo = (...args) => run("cargo", ["test", "--locked", ...args]);
const node = (...files) =>
  run("node", ["--test", "--test-concurrency=1", "--test-reporter=spec", ...files.map((file) => join("tests", file))]);

/** What SECURITY.md claims, and the tests that show it. */
const proofs = {
  matrix: [
    () => cargo("--test", "session", "answers"),
    () => node("wire/answers.test.mjs", "browser/answers.test.mjs"),
  ],
  hostile: [
    () => node("wire/hostile.test.mjs", "wire/body-cap.test.mjs", ...packageTests("hostile", "options", "urls")),
  ],
  secrets: [() => node(...packageTests("secrets", "wiped"), "browser/secrets.test.mjs")],
  isolation: [
    () =>
      node(...packageTests("many-users", "isolation", "trap"), "browser/isolation.test.mjs", "browser/copy.test.mjs"),
  ],
};

function packageTests(...names) {
  return names.map((name) => `package/${name}.test.mjs`);
}

await main(async () => {
  const asked = process.argv.slice(2);
  const names = asked.length ? asked : Object.keys(proofs);
  for (const name of names) {
    if (!proofs[name])
      throw new StepError(`There is no proof "${name}": it is one of ${Object.keys(proofs).join(", ")}.`);
  }
  await step("set-up", setUp);
  await step("browsers and their drivers", setUpBrowsers);
  await build();
  for (const name of names)
    await step(name, () => proofs[name].reduce((before, part) => before.then(part), Promise.resolve()));
});
