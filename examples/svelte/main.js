import { mount } from "svelte";
import App from "./App.svelte";
import { openMeshy } from "./meshy.js";

mount(App, { target: document.getElementById("root"), props: { meshy: await openMeshy() } });
