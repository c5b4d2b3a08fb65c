import { initialize } from "meshydb-client";
import { use } from "../../app/use.js";
import { meet } from "../meet.js";

export default async function Page({ searchParams }) {
  const { username, password } = await searchParams;
  const result = await use(initialize, process.env.AUTH_URL, { username, password, between: meet });
  return <code>{JSON.stringify(result)}</code>;
}
