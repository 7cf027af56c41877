import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { SCREEN_DIGEST: JSON.stringify("the screen's digest"), STILL_CSS: JSON.stringify(""), FLEET_STILL_CSS: JSON.stringify("") },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"] },
});
