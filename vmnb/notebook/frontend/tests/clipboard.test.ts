import { describe, expect, it } from "vitest";
import { pasted } from "../src/console/clipboard";

describe("what is pasted", () => {
  it.each(["a\nb", "a\r\nb", "a\rb"])("ends its lines with Enter: %j", (text) => {
    expect(pasted(text, false)).toBe("a\rb");
  });

  it("keeps tabs and every printable character", () => {
    expect(pasted("\tä漢😀", false)).toBe("\tä漢😀");
  });

  it("has no control character that nobody saw", () => {
    expect(pasted("ls\x03\x1b[A\x7f\x00\x9b6n\x04", false)).toBe("ls[A6n");
  });

  it("cannot end the brackets that the guest asked for", () => {
    expect(pasted("one\x1b[201~\nrm -rf /", true)).toBe("\x1b[200~one[201~\rrm -rf /\x1b[201~");
  });
});
