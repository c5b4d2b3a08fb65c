import { defineConfig } from "vite";
import { VitePWA } from "vite-plugin-pwa";

export default defineConfig({
  plugins: [VitePWA({ strategies: "injectManifest", srcDir: ".", filename: "service-worker.js", manifest: false })],
});
