import { describe, expect, it } from "vitest";
import { pack, unpack } from "../src/kernel/frame";

describe("a frame", () => {
  it("holds a message and its buffers, empty ones too", () => {
    const buffers = [Uint8Array.of(1, 2, 3), new Uint8Array(), Uint8Array.of(255)];
    const [message, parts] = unpack<object>(pack({ kind: "ü", n: 1 }, buffers));
    expect(message).toEqual({ kind: "ü", n: 1 });
    expect(parts).toEqual(buffers);
  });

  it("holds what a view shows of a buffer, and no more", () => {
    const whole = Uint8Array.of(0, 1, 2, 3, 4);
    const [, [part]] = unpack(pack({}, [new DataView(whole.buffer, 1, 2)]));
    expect(part).toEqual(Uint8Array.of(1, 2));
  });

  it("is what the kernel's side reads and writes", () => {
    const header = '{"message":{"kind":"ack"},"sizes":[2]}';
    const frame = [0, 0, 0, header.length, ...new TextEncoder().encode(header), 7, 8];
    expect([...new Uint8Array(pack({ kind: "ack" }, [Uint8Array.of(7, 8)]))]).toEqual(frame);
  });
});
