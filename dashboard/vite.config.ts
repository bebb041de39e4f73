import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Script that the first page loads, packed; the graph and its layout come when a graph is drawn. */
const MOST_FIRST_BYTES = 300_000;

function firstLoadStaysSmall(): Plugin {
  return {
    name: "first-load-stays-small",
    generateBundle(_, bundle) {
      const chunks = new Map(Object.entries(bundle));
      const first = new Set<string>();
      const add = (name: string): void => {
        const chunk = chunks.get(name);
        if (chunk?.type !== "chunk" || first.has(name)) return;
        first.add(name);
        chunk.imports.forEach(add);
      };
      for (const [name, chunk] of chunks) if (chunk.type === "chunk" && chunk.isEntry) add(name);
      let bytes = 0;
      for (const name of first) {
        const chunk = chunks.get(name);
        if (chunk?.type === "chunk") bytes += gzipSync(chunk.code).length;
      }
      if (bytes > MOST_FIRST_BYTES)
        this.error(
          `the first load has ${String(bytes)} bytes of script, more than ${String(MOST_FIRST_BYTES)}`,
        );
    },
  };
}

/** `npm run dev` draws against a service that runs beside it; log in there first. */
const SERVICE = process.env.TOOLPATH_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react(), tailwindcss(), firstLoadStaysSmall()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    // No file within another: the page allows no inline script, and fonts come from the service alone.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2_000,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(["/v1", "/login", "/docs", "/openapi.json"].map((path) => [path, SERVICE])),
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
