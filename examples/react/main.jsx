import { StrictMode, useEffect, useState } from "react";
import { hydrateRoot } from "react-dom/client";
import { App } from "./App.jsx";
import { openMeshy } from "./meshy.js";

function Root() {
  const [client, setClient] = useState(null);
  useEffect(() => {
    openMeshy().then(setClient);
  }, []);
  return <App client={client} />;
}

hydrateRoot(
  document.getElementById("root"),
  <StrictMode>
    <Root />
  </StrictMode>,
);
