import { renderToString } from "react-dom/server";
import { App } from "./App.jsx";

/** What a server sends: it knows of no user. */
export function render() {
  return renderToString(<App client={null} />);
}
