import type { MeshyClient } from "meshydb-client";

export const name = (client: MeshyClient) => client.constructor.name;
