// biome-ignore-all lint/correctness/noUnusedImports: just that is tested
import { initialize, MeshyError } from "meshydb-client";
import { authProvider, createClient } from "meshydb-client/mcp";
import { fileStore } from "meshydb-client/node";
import { redisStore } from "meshydb-client/redis";
import { storeTests } from "meshydb-client/store-tests";

export const name = "application";
