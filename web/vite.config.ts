import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the sources as they are edited, over the server that `moxu serve` has started there.
const SERVER = process.env.MOXU_SERVER ?? "http://127.0.0.1:8265";
const ours = {
  target: SERVER,
  changeOrigin: true,
  configure: (proxy: {
    on(event: "proxyReq", change: (request: { removeHeader(name: string): void }) => void): void;
  }) => proxy.on("proxyReq", (request) => request.removeHeader("origin")), // that of the page is Vite's
};

// The page lies in the Python package, so that `moxu serve` needs no Node: scripts/build-desk puts it there.
export default defineConfig({
  base: "/static/",
  plugins: [svelte()],
  server: { host: "127.0.0.1", proxy: { "/desk/": ours, "/v1/": ours } },
  build: {
    outDir: "../src/moxu/serve/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the page's policy lets nothing be inlined
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000, // a test of the package says how large all of it may be, compressed
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
