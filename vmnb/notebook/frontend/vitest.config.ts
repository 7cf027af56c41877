import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { BUNDLE_DIGEST: JSON.stringify("the digest of the tests"), STILL_CSS: JSON.stringify("") },
  test: { environment: "happy-dom", include: ["tests/**/*.test.ts"] },
});
