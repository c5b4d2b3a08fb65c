import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run, StepError } from "./steps.mjs";

/** A bill of materials (CycloneDX 1.6) of the package: the crates in its WebAssembly, and no npm package, since it needs none. */
export async function sbom() {
  const args = ["metadata", "--format-version", "1", "--locked", "--filter-platform", "wasm32-unknown-unknown"];
  const { packages, resolve } = JSON.parse(await run("cargo", args, { quiet: true }));
  const { name, version, license } = JSON.parse(readFileSync(join(root, "pkg-template/package.json"), "utf8"));
  const crates = new Map(packages.map((crate) => [crate.id, crate]));
  const dependencies = new Map(resolve.nodes.map(({ id, deps }) => [id, shipped(deps, crates)]));
  const found = new Set([resolve.root]);
  for (const id of found) for (const dependency of dependencies.get(id)) found.add(dependency);
  const ids = [...found].filter((id) => id !== resolve.root).sort();
  const reference = (id) => (id === resolve.root ? `pkg:npm/${name}@${version}` : purl(crates.get(id)));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: component("library", { name, version, license }, reference(resolve.root)) },
    components: ids.map((id) => ({
      ...component("library", crates.get(id), reference(id)),
      hashes: [{ alg: "SHA-256", content: checksum(crates.get(id)) }],
    })),
    dependencies: [resolve.root, ...ids].map((id) => ({
      ref: reference(id),
      dependsOn: dependencies.get(id).map(reference).sort(),
    })),
  };
}

/** Those that are linked: what is for tests and builds is not, and of a macro only what it writes. */
function shipped(deps, crates) {
  const isLinked = ({ pkg, dep_kinds }) =>
    dep_kinds.some(({ kind }) => kind === null) &&
    !crates.get(pkg).targets.some(({ kind }) => kind.includes("proc-macro"));
  return deps.filter(isLinked).map(({ pkg }) => pkg);
}

function component(type, { name, version, license }, reference) {
  const expression = license.replace("/", " OR ");
  return { type, "bom-ref": reference, name, version, licenses: [{ expression }], purl: reference };
}

function purl({ name, version }) {
  return `pkg:cargo/${name}@${version}`;
}

function checksum({ name, version }) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const entry = lock.split("[[package]]").find((text) => text.includes(`name = "${name}"\nversion = "${version}"`));
  return /^checksum = "(.*)"$/m.exec(entry)[1];
}

/** Fails unless a bill has the members that its standard requires, and refers to nothing that is not in it. */
export function checkSbom({ bomFormat, specVersion, version, metadata, components, dependencies }) {
  const requires = (isTrue, what) => {
    if (!isTrue) throw new StepError(`The bill of materials lacks ${what}: see scripts/sbom.mjs.`);
  };
  requires(bomFormat === "CycloneDX" && specVersion === "1.6", "its format and version");
  requires(Number.isInteger(version) && version >= 1, "a serial version");
  const all = [metadata.component, ...components];
  for (const part of all) {
    requires(part.type === "library" && part.name && part.version, `type, name or version of ${part["bom-ref"]}`);
    requires(/^pkg:(npm|cargo)\/[\w-]+@[\w.+-]+$/.test(part.purl), `the address of ${part.name}`);
    requires(
      part.licenses.every(({ expression }) => /^[\w.() -]+$/.test(expression)),
      `the licence of ${part.name}`,
    );
  }
  for (const { name, hashes } of components)
    requires(/^[\da-f]{64}$/.test(hashes[0].content) && hashes[0].alg === "SHA-256", `the digest of ${name}`);
  const references = new Set(all.map((part) => part["bom-ref"]));
  requires(references.size === all.length, "a name of its own for each component");
  for (const { ref, dependsOn } of dependencies)
    for (const name of [ref, ...dependsOn]) requires(references.has(name), `the component ${name}`);
  requires(dependencies.length === all.length, "what each component depends on");
}
