import { initialize } from "meshydb-client";
import { use } from "../../../app/use.js";
import { meet } from "../../meet.js";

export async function GET({ url }) {
  const { username, password } = Object.fromEntries(new URL(url).searchParams);
  return Response.json(await use(initialize, process.env.AUTH_URL, { username, password, between: meet }));
}
