import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import { beforeEach, describe, expect, it } from "vitest";
import { type Guard, guard } from "../src/console/guard";

const ESC = "\x1b";
const QUERIES = {
  "secondary attributes": `${ESC}[>c`,
  "tertiary attributes": `${ESC}[=c`,
  "private status": `${ESC}[?6n`,
  "window size": `${ESC}[18t`,
  "window title": `${ESC}[21t`,
  "mode": `${ESC}[?2004$p`,
  "ansi mode": `${ESC}[4$p`,
  "version": `${ESC}[>q`,
  "setting": `${ESC}P$qm${ESC}\\`,
  "capability": `${ESC}P+q544e${ESC}\\`,
  "clipboard": `${ESC}]52;c;?${ESC}\\`,
  "palette": `${ESC}]4;1;?${ESC}\\`,
  "foreground": `${ESC}]10;?${ESC}\\`,
  "background": `${ESC}]11;?\x07`,
};

describe("the guard", () => {
  let terminal: Terminal;
  let fence: Guard;
  let said: string[];
  const write = (data: string) => new Promise<void>((resolve) => terminal.write(data, resolve));

  beforeEach(() => {
    terminal = new Terminal({ cols: 80, rows: 24 });
    said = [];
    terminal.onData((data) => said.push(data));
    fence = guard(terminal, (answer) => said.push(answer));
  });

  it("answers where the cursor is, which `resize` waits for", async () => {
    await write(`${ESC}[5;7Hx${ESC}[6n`);
    expect(said).toEqual([`${ESC}[5;8R`]);
  });

  it("names a column that exists when the line is full", async () => {
    await write("x".repeat(80) + `${ESC}[6n`);
    expect(said).toEqual([`${ESC}[1;80R`]);
  });

  it("answers what kind of terminal it is, and that it is well", async () => {
    await write(`${ESC}[c${ESC}[5n`);
    expect(said).toEqual([`${ESC}[?1;2c`, `${ESC}[0n`]);
  });

  it.each(Object.entries(QUERIES))("does not answer a query of the %s", async (_name, query) => {
    await write(`${query}seen`);
    expect(said).toEqual([]);
    expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("seen");
  });

  it("answers nothing while old output is drawn again", async () => {
    fence.isReplaying = true;
    await write(`${ESC}[6n${ESC}[c${ESC}[5n` + Object.values(QUERIES).join(""));
    expect(said).toEqual([]);
  });

  it("lets a focus report through only when a person caused it", () => {
    expect(fence.lets(`${ESC}[I`)).toBe(true);
    fence.isReplaying = true;
    expect(fence.lets(`${ESC}[I`)).toBe(false);
    expect(fence.lets("a")).toBe(true);
  });

  it.each(["I", "L", "M", "S", "T", "Z", "b"])("is not kept busy by CSI %s with a huge count", async (final) => {
    const before = performance.now();
    await write(`one${ESC}[2147483647${final}two`);
    expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("onetwo");
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it("keeps the palette as the reader's theme has it", async () => {
    const before = { ...terminal.options.theme };
    await write(`${ESC}]4;1;#000000\x07${ESC}]10;#111111\x07${ESC}]11;#222222\x07${ESC}]12;#333333\x07seen`);
    expect(terminal.options.theme).toEqual(before);
    expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("seen");
  });

  it("holds with the add-ons loaded", async () => {
    terminal.dispose();
    terminal = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
    for (const addon of [new SearchAddon(), new Unicode11Addon(), new WebLinksAddon(() => undefined), new FitAddon()]) {
      terminal.loadAddon(addon);
    }
    terminal.onData((data) => said.push(data));
    guard(terminal, (answer) => said.push(answer));
    await write(Object.values(QUERIES).join("") + `${ESC}]8;;https://evil.example\x07text${ESC}]8;;\x07`);
    expect(said).toEqual([]);
    expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("text");
  });

  it("swallows titles and makes no links", async () => {
    const titles: string[] = [];
    terminal.onTitleChange((title) => titles.push(title));
    await write(`${ESC}]0;evil\x07${ESC}]2;evil\x07${ESC}]8;;https://evil.example\x07text${ESC}]8;;\x07`);
    expect(titles).toEqual([]);
    expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe("text");
  });
});
