// Builds ../static: the bootstrap that every widget carries, and the bundle that a page loads once.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = new URL("./", import.meta.url);
const staticDir = new URL("../static/", here);
const bundled = ["@xterm/xterm", "@xterm/addon-fit", "@xterm/addon-search", "@xterm/addon-unicode11", "@xterm/addon-web-links"];

/** Bundle and minify one entry point; its code as bytes. */
async function compile(entry, define = {}) {
  const result = await build({
    absWorkingDir: fileURLToPath(here),
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022", // older targets break xterm's own minified code
    charset: "utf8",
    legalComments: "none", // the licences are in a file of their own
    loader: { ".svg": "dataurl" },
    define,
    write: false,
  });
  return result.outputFiles[0].contents;
}

async function licences() {
  const texts = bundled.map(async (name) => {
    const text = await readFile(new URL(`node_modules/${name}/LICENSE`, here), "utf8");
    return `${name}\n${"=".repeat(name.length)}\n\n${text.trim()}\n`;
  });
  return `Third-party code bundled in widget.js and widget.css\n\n${(await Promise.all(texts)).join("\n\n")}`;
}

const script = await compile("src/widget.ts");
const style = await compile("src/styles/widget.css");
const stillStyle = await compile("src/styles/still.css");
const bootstrap = await compile("src/bootstrap.ts", {
  BUNDLE_DIGEST: JSON.stringify(createHash("sha256").update(script).update(style).digest("hex")),
  STILL_CSS: JSON.stringify(Buffer.from(stillStyle).toString().trim()),
});

await rm(staticDir, { recursive: true, force: true });
await mkdir(staticDir);
const outputs = { "bootstrap.js": bootstrap, "widget.js": script, "widget.css": style, "LICENSES.txt": await licences() };
for (const [name, content] of Object.entries(outputs)) {
  await writeFile(new URL(name, staticDir), content);
  console.log(`${name}: ${content.length} bytes`);
}
