import { readFileSync } from "node:fs";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import type { Terminal } from "@xterm/xterm";
import { expect, it } from "vitest";

const TABLE = "../../console/widths.json"; // from where npm runs the tests

it("is the same for every character in the kernel's screen and in a view", () => {
  let widthOf = (_code: number): number => 1;
  new Unicode11Addon().activate({
    unicode: { register: (provider: { wcwidth(code: number): number }) => (widthOf = (code) => provider.wcwidth(code)) },
  } as unknown as Terminal);
  const table = JSON.parse(readFileSync(TABLE, "utf8")) as { zero: [number, number][]; wide: [number, number][] };
  const widths = new Uint8Array(0x110000).fill(1);
  for (const [start, end] of table.zero) widths.fill(0, start, end + 1);
  for (const [start, end] of table.wide) widths.fill(2, start, end + 1);
  const wrong = widths.findIndex((width, code) => width !== widthOf(code));
  expect(wrong).toBe(-1);
});
