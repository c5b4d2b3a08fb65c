import { readFileSync, writeFileSync } from "node:fs";

/** Loaded by each Node process of the command before its own code: its clock is ahead by what a file says, as it says now. */
const { MESHYDB_DEV_CLOCK: file } = process.env;
const { now } = Date;
const later = () => now() + Number(readFileSync(file, "utf8"));

writeFileSync(`${file}-loaded`, "");
Date.now = later;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? args : [later()], newTarget),
  apply: () => String(new Date()),
});
