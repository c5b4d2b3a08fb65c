import { build } from "./build.mjs";
import { setUp, setUpBrowsers } from "./setup.mjs";
import { main, run, StepError, step } from "./steps.mjs";

const cargo = (...args) => run("cargo", ["test", "--locked", ...args]);
const node = (...names) =>
  run("node", [
    ...["--test", "--test-concurrency=1", "--test-reporter=spec"],
    ...names.map((name) => `tests/${name}.test.mjs`),
  ]);

/** What SECURITY.md claims, and the tests that show it. */
const proofs = {
  matrix: [() => cargo("--test", "session", "answers"), () => node("wire/answers", "browser/answers")],
  hostile: [() => node("wire/hostile", "wire/body-cap", "security/hostile", "client/options", "client/urls")],
  secrets: [() => node("security/secrets", "security/wiped", "browser/secrets")],
  isolation: [
    () => node("security/many-users", "security/isolation", "security/trap", "browser/isolation", "browser/copy"),
  ],
};

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
