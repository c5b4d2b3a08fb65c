import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./processes.mjs";

const packageFolder = fileURLToPath(new URL("../../pkg", import.meta.url));
export const devFolder = fileURLToPath(new URL("../../dev", import.meta.url));
export const binaries = fileURLToPath(new URL("../../node_modules/.bin", import.meta.url));

/**
 * Packs a package and installs the tarball, without a network, where there was nothing before. `manifest` is that of the
 * empty folder.
 */
export async function installPackage({ source = packageFolder, manifest = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "meshydb-client-"));
  const npm = async (args, cwd) => {
    const { code, stdout, stderr } = await run("npm", [...args, `--cache=${join(folder, ".npm")}`, "--offline"], {
      cwd,
    });
    if (code !== 0) throw new Error(`npm ${args.join(" ")} failed: ${stderr}`);
    return stdout;
  };
  const [packed] = JSON.parse(
    await npm(["pack", "--json", "--ignore-scripts", `--pack-destination=${folder}`], source),
  );
  const tarball = join(folder, packed.filename);
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  await npm(["install", tarball, "--no-audit", "--no-fund"], folder);
  return {
    folder,
    tarball,
    files: packed.files.map(({ path }) => path).sort(),
    installed: join(folder, "node_modules", packed.name),
    remove: () => rm(folder, { recursive: true }),
  };
}
