import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ToKernel } from "../src/kernel/protocol";
import { PATIENCE_MS } from "../src/kernel/silence";
import { AGAIN_PAUSE_MS, PART_BYTES, Typing, WAITING_MAX } from "../src/console/typing";

const VIEW = "abc";

type Sent = [ToKernel & { kind: "input" }, ArrayBufferView];

/** The kernel's side, as `vmnb/notebook/widget/typed.py` has it. */
class Kernel {
  text = "";
  take([message, buffer]: Sent): void {
    const data = new TextDecoder().decode(buffer);
    if (message.at <= this.text.length) this.text += data.slice(this.text.length - message.at);
  }
}

describe("what a view types", () => {
  let sent: Sent[];
  let silence: boolean[];
  let typing: Typing;
  const bytes = (text: string) => new TextEncoder().encode(text);
  const confirm = (seq: number, again = false) => typing.confirm({ kind: "typed", view: VIEW, seq, again });
  const positions = () => sent.map(([message]) => message.at);

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    silence = [];
    typing = new Typing(
      (message, buffers) => sent.push([message, buffers[0]] as Sent),
      (isSilent) => silence.push(isSilent),
    );
  });
  afterEach(() => vi.useRealTimers());

  it("is sent at once, numbered by the byte", () => {
    typing.type(bytes("äb"), false);
    typing.type(bytes("c"), true);
    expect(sent.map(([message]) => message)).toEqual([
      { kind: "input", reply: false, at: 0 },
      { kind: "input", reply: true, at: 3 },
    ]);
    expect(typing.unconfirmed).toBe(0);
    confirm(4);
    expect(typing.unconfirmed).toBe(4);
  });

  it("is cut into parts, in order", () => {
    typing.type(new Uint8Array(2 * PART_BYTES + 1), false);
    expect(positions()).toEqual([0, PART_BYTES, 2 * PART_BYTES]);
  });

  it("is sent again when the kernel misses it, and what it has is not", () => {
    typing.type(bytes("one"), false);
    typing.type(bytes("two"), false);
    confirm(3, true);
    expect(positions()).toEqual([0, 3, 3]);
  });

  it("is not sent again for each of many words about one gap", () => {
    typing.type(bytes("one"), false);
    for (let count = 0; count < 10; count += 1) confirm(0, true);
    expect(positions()).toEqual([0, 0]);
    vi.advanceTimersByTime(AGAIN_PAUSE_MS);
    confirm(0, true);
    expect(positions()).toEqual([0, 0, 0]);
  });

  it("arrives once and in order, though messages are lost and come late", () => {
    const kernel = new Kernel();
    for (const letter of "abcdefgh") typing.type(bytes(letter), false);
    const arrives = (...numbers: number[]) => sent.filter((_, number) => numbers.includes(number));
    const late = arrives(3, 4, 5, 6);
    for (const message of [...arrives(0, 2), ...arrives(1, 7)]) kernel.take(message);
    confirm(kernel.text.length, true);
    for (const message of [...sent.slice(8), ...late]) kernel.take(message);
    expect(kernel.text).toBe("abcdefgh");
  });

  it("is refused when too much waits, and nothing of it is sent", () => {
    expect(typing.type(new Uint8Array(WAITING_MAX), false)).toBe(true);
    const count = sent.length;
    expect(typing.type(bytes("x"), false)).toBe(false);
    expect(sent).toHaveLength(count);
    confirm(WAITING_MAX);
    expect(typing.type(bytes("x"), false)).toBe(true);
    expect(positions().at(-1)).toBe(WAITING_MAX);
  });

  it("makes the kernel's silence known, and its end", () => {
    typing.type(bytes("x"), false);
    vi.advanceTimersByTime(PATIENCE_MS - 1);
    expect(silence).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(silence).toEqual([true]);
    confirm(1);
    vi.advanceTimersByTime(10 * PATIENCE_MS);
    expect(silence).toEqual([true, false]);
  });

  it("is patient anew with a kernel that takes some of it", () => {
    typing.type(bytes("x"), false);
    vi.advanceTimersByTime(PATIENCE_MS - 1);
    typing.type(bytes("y"), false);
    confirm(1);
    vi.advanceTimersByTime(PATIENCE_MS - 1);
    expect(silence).toEqual([false]);
    vi.advanceTimersByTime(1);
    expect(silence).toEqual([false, true]);
  });

  it("is no matter for the person where it is the terminal's own answer", () => {
    typing.type(bytes("x"), true);
    vi.advanceTimersByTime(10 * PATIENCE_MS);
    expect(silence).toEqual([]);
  });
});
