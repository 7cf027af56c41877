import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ACK_BYTES, ACK_IDLE_MS, ConsoleStream, HELLO_PAUSE_MS, type Sink, type StreamWord } from "../src/console/stream";

/** Parses when told to, as xterm parses some time after the write. */
class HeldSink implements Sink {
  written = "";
  private held: (() => void)[] = [];
  write(bytes: Uint8Array, done: () => void): void {
    this.written += new TextDecoder().decode(bytes);
    this.held.push(done);
  }
  restore(bytes: Uint8Array, _size: unknown, done: () => void): void {
    this.written = "";
    this.write(bytes, done);
  }
  parse(): void {
    for (const done of this.held.splice(0)) done();
  }
}

describe("the console's stream", () => {
  let sink: HeldSink;
  let sent: StreamWord[];
  let stream: ConsoleStream;
  const bytes = (text: string) => new TextEncoder().encode(text);
  const restore = (seq: number, text = "") => stream.restore({ kind: "restore", view: "v", seq, cols: 80, rows: 24 }, bytes(text));
  const acks = () => sent.flatMap((message) => (message.kind === "ack" ? [message.seq] : []));
  const hellos = () => sent.flatMap((message) => (message.kind === "hello" ? [message.seq] : []));

  beforeEach(() => {
    vi.useFakeTimers();
    sink = new HeldSink();
    sent = [];
    stream = new ConsoleStream(sink, (word) => sent.push(word));
  });
  afterEach(() => vi.useRealTimers());

  it("says at first that it has nothing", () => {
    stream.hello();
    expect(sent).toEqual([{ kind: "hello", seq: -1, typed: 0 }]);
  });

  it("goes on where the restore ends", () => {
    restore(100, "screen");
    stream.output(100, bytes(" more"));
    expect(sink.written).toBe("screen more");
  });

  it("drops what it has already", () => {
    restore(100);
    stream.output(90, bytes("0123456789"));
    expect(sink.written).toBe("");
  });

  it("takes only the new part of what overlaps", () => {
    restore(100);
    stream.output(95, bytes("01234new"));
    expect(sink.written).toBe("new");
  });

  it("asks again from its own position after a gap, and draws nothing of what follows it", () => {
    restore(100);
    vi.advanceTimersByTime(HELLO_PAUSE_MS);
    stream.output(105, bytes("later"));
    expect(hellos()).toEqual([100]);
    expect(sink.written).toBe("");
  });

  it("asks just once for many messages after a gap", () => {
    restore(100);
    for (let seq = 200; seq < 300; seq += 10) stream.output(seq, bytes("0123456789"));
    expect(hellos()).toHaveLength(1);
    vi.advanceTimersByTime(HELLO_PAUSE_MS);
    stream.output(300, bytes("x"));
    expect(hellos()).toHaveLength(2);
  });

  it("asks in the end, when nothing more comes after a gap that was too soon to ask about", () => {
    restore(100);
    stream.hello();
    stream.output(200, bytes("x"));
    expect(hellos()).toEqual([100]);
    vi.advanceTimersByTime(HELLO_PAUSE_MS);
    expect(hellos()).toEqual([100, 100]);
    vi.advanceTimersByTime(10 * HELLO_PAUSE_MS);
    expect(hellos()).toHaveLength(2);
  });

  it("comes back with what it has, once it is drawn, when the kernel has dropped it", () => {
    restore(100);
    sink.parse();
    stream.output(100, bytes("0123456789"));
    stream.dropped();
    expect(hellos()).toEqual([]);
    sink.parse();
    expect(hellos()).toEqual([110]);
    stream.output(110, bytes("more"));
    sink.parse();
    expect(hellos()).toEqual([110]);
  });

  it("comes back at once when everything was drawn before it was dropped", () => {
    restore(100);
    sink.parse();
    stream.dropped();
    expect(hellos()).toEqual([100]);
  });

  it("has each byte once, whatever comes twice, late, or after a word from another time", () => {
    const whole = Array.from({ length: 500 }, (_, number) => `${number};`).join("");
    restore(0);
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    for (let turn = 0; turn < 400; turn += 1) {
      const start = Math.min(sink.written.length + 20, whole.length) - random(60);
      const from = Math.max(0, start);
      stream.output(from, bytes(whole.slice(from, from + random(40))));
      if (turn % 10 === 0) vi.advanceTimersByTime(HELLO_PAUSE_MS);
      const asked = hellos().at(-1);
      if (asked === sink.written.length) stream.output(asked, bytes(whole.slice(asked, asked + 15)));
    }
    expect(sink.written).toBe(whole.slice(0, sink.written.length));
    expect(sink.written.length).toBeGreaterThan(1000);
  });

  it("asks for a restore when output comes before one", () => {
    stream.output(0, bytes("x"));
    expect(hellos()).toEqual([-1]);
  });

  it("fills the gap with output that goes on where it stood", () => {
    restore(100);
    stream.output(105, bytes("56789"));
    stream.output(100, bytes("0123456789"));
    expect(sink.written).toBe("0123456789");
  });

  it("acknowledges a restore as soon as it is parsed, and not before", () => {
    restore(5_000_000, "screen");
    expect(acks()).toEqual([]);
    sink.parse();
    expect(acks()).toEqual([5_000_000]);
  });

  it("acknowledges each 64 KiB at once", () => {
    restore(0);
    sink.parse();
    stream.output(0, new Uint8Array(ACK_BYTES));
    stream.output(ACK_BYTES, new Uint8Array(ACK_BYTES));
    expect(acks()).toEqual([0]);
    sink.parse();
    expect(acks()).toEqual([0, ACK_BYTES, 2 * ACK_BYTES]);
  });

  it("acknowledges small writes once, when they are over", () => {
    restore(0);
    sink.parse();
    for (let seq = 0; seq < 10; seq += 1) {
      stream.output(seq, bytes("x"));
      sink.parse();
      vi.advanceTimersByTime(ACK_IDLE_MS - 1);
    }
    expect(acks()).toEqual([0]);
    vi.advanceTimersByTime(1);
    expect(acks()).toEqual([0, 10]);
  });

  it("never holds back so much that a window of 64 KiB and a byte stays closed", () => {
    restore(0);
    sink.parse();
    const part = 1000;
    let position = 0;
    for (let turn = 0; turn < 20; turn += 1) {
      while (position + part - (acks().at(-1) ?? 0) <= ACK_BYTES + part) {
        stream.output(position, new Uint8Array(part));
        position += part;
      }
      sink.parse();
    }
    expect(position).toBeGreaterThan(1_000_000);
  });

  it("goes back to an older position when a restore says so", () => {
    restore(1000);
    sink.parse();
    restore(10, "again");
    sink.parse();
    stream.output(10, bytes("!"));
    expect(acks()).toEqual([1000, 10]);
    expect(sink.written).toBe("again!");
  });

  it("says bye, and acknowledges nothing after", () => {
    restore(0);
    sink.parse();
    stream.output(0, bytes("x"));
    sink.parse();
    stream.close();
    vi.advanceTimersByTime(10 * ACK_IDLE_MS);
    expect(sent.at(-1)).toEqual({ kind: "bye" });
  });
});
