import { initialize } from "meshydb-client";
import { use } from "./use.js";

console.log(JSON.stringify(await use(initialize, process.argv[2])));
