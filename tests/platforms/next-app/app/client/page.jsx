"use client";

import { initialize } from "meshydb-client";
import { useEffect } from "react";
import { use } from "../../../app/use.js";

export default function Page() {
  useEffect(() => {
    use(initialize, location.search.slice(1), { persistence: "local" }).then((result) => {
      globalThis.result = { ...result, isSecureContext, hasLocks: "locks" in navigator };
    });
  }, []);
  return <p>client</p>;
}
