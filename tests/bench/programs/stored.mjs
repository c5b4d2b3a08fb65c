import process from "node:process";
import { initialize } from "../../../pkg/index.js";
import { fileStore } from "../../../pkg/node.js";
import { asked } from "./program.mjs";

const { url: authUrl, folder } = asked;
const client = await initialize("demo", "demo-public-key", { authUrl, persistence: fileStore(folder) });
const connection = (await client.restore()) ?? (await client.login("alice", "wonderland"));
process.stdout.write(await connection.getAccessToken());
