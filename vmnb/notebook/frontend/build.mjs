// Builds ../static: the bootstraps, of which every widget carries one, the bundles that a page loads once, and the
// script and style of exported pages.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = new URL("./", import.meta.url);
const staticDir = new URL("../static/", here);
/** What is in the bundles, and the files with its licences. */
const bundled = {
  "@noble/hashes": ["LICENSE"],
  "@xterm/xterm": ["LICENSE"],
  "@xterm/addon-fit": ["LICENSE"],
  "@xterm/addon-search": ["LICENSE"],
  "@xterm/addon-unicode11": ["LICENSE"],
  "@xterm/addon-web-links": ["LICENSE"],
  "@novnc/novnc": ["LICENSE.txt", "docs/LICENSE.MPL-2.0", "vendor/pako/LICENSE"],
};

/** Bundle and minify one entry point; its code as bytes. */
async function compile(entry, define = {}, format = "esm") {
  const result = await build({
    absWorkingDir: fileURLToPath(here),
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format,
    target: "es2022", // older targets break xterm's own minified code
    charset: "utf8",
    legalComments: "none", // the licences are in a file of their own
    loader: { ".svg": "dataurl" },
    define,
    write: false,
  });
  return result.outputFiles[0].contents;
}

/** A style, bundled and minified, as a string of the code. */
async function text(style) {
  return JSON.stringify(Buffer.from(await compile(style)).toString().trim());
}

async function licences() {
  const texts = Object.entries(bundled).map(async ([name, files]) => {
    const read = (file) => readFile(new URL(`node_modules/${name}/${file}`, here), "utf8");
    const text = (await Promise.all(files.map(read))).map((one) => one.trim()).join("\n\n");
    return `${name}\n${"=".repeat(name.length)}\n\n${text}\n`;
  });
  return `Third-party code bundled in widget.js, widget.css, screen.js, replay.js and replay.css\n\n${(await Promise.all(texts)).join("\n\n")}`;
}

/** The name under which a page keeps a bundle, as a string of the code. */
function digest(...contents) {
  const hash = createHash("sha256");
  for (const content of contents) hash.update(content);
  return JSON.stringify(hash.digest("hex"));
}

const screen = await compile("src/screen/screen.ts");
const script = await compile("src/widget.ts", { SCREEN_DIGEST: digest(screen) });
const style = await compile("src/styles/widget.css");
const known = { BUNDLE_DIGEST: digest(script, style) };
const bootstrap = await compile("src/bootstrap.ts", { ...known, STILL_CSS: await text("src/styles/still.css") });
const fleetBootstrap = await compile("src/fleet-bootstrap.ts", {
  ...known,
  FLEET_STILL_CSS: await text("src/styles/fleet-still.css"),
});

const replay = { "replay.js": await compile("src/replay.ts", {}, "iife"), "replay.css": await compile("src/styles/replay.css") };

await rm(staticDir, { recursive: true, force: true });
await mkdir(staticDir);
const outputs = {
  "bootstrap.js": bootstrap,
  "fleet-bootstrap.js": fleetBootstrap,
  "widget.js": script,
  "widget.css": style,
  "screen.js": screen,
  ...replay,
  "LICENSES.txt": await licences(),
};
for (const [name, content] of Object.entries(outputs)) {
  await writeFile(new URL(name, staticDir), content);
  console.log(`${name}: ${content.length} bytes`);
}
