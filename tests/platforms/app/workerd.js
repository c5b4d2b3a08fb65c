import { initialize } from "meshydb-client";
import { use } from "./use.js";

export default {
  fetch: async (_request, { AUTH_URL }) => Response.json(await use(initialize, AUTH_URL)),
};
