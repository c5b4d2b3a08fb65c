import { build } from "./build.mjs";
import { main } from "./steps.mjs";

await main(async () => {
  await build();
  console.log();
  await import("../www/server/main.mjs");
});
