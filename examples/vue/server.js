import { createSSRApp } from "vue";
import { renderToString } from "vue/server-renderer";
import App from "./App.vue";

/** What a server sends: it knows of no user. */
export function render() {
  return renderToString(createSSRApp(App, { client: null }));
}
