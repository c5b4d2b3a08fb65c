import { createSSRApp, h, shallowRef } from "vue";
import App from "./App.vue";
import { openMeshy } from "./meshy.js";

const client = shallowRef(null);
createSSRApp({ render: () => h(App, { client: client.value }) }).mount("#root");
client.value = await openMeshy();
