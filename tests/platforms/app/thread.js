import process from "node:process";
import { Worker } from "node:worker_threads";

new Worker(new URL("./module.js", import.meta.url), { argv: process.argv.slice(2) });
