import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ScreenToKernel, ScreenToPage } from "../src/kernel/protocol";
import { ACK_BYTES, ACK_IDLE_MS, ScreenChannel } from "../src/screen/channel";

const VIEW = "one";

function setUp() {
  const sent: ScreenToKernel[] = [];
  const payloads: Uint8Array[] = [];
  const channel = new ScreenChannel(VIEW, (message, buffers = []) => {
    sent.push(message);
    payloads.push(...(buffers as Uint8Array[]));
  });
  const taken: number[][] = [];
  const closed: string[] = [];
  channel.onmessage = ({ data }) => taken.push([...new Uint8Array(data)]);
  channel.onclose = ({ reason }) => closed.push(reason);
  const receive = (message: ScreenToPage, bytes: Uint8Array = new Uint8Array()) => channel.receive(message, [bytes]);
  const data = (seq: number, bytes: Uint8Array) => receive({ kind: "screen_data", view: VIEW, seq }, bytes);
  const kinds = () => sent.map(({ kind }) => kind);
  return { channel, sent, payloads, taken, closed, receive, data, kinds };
}

describe("the channel that noVNC takes for a WebSocket", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("has every property that noVNC asks of one, as its own or its class's", () => {
    const { channel } = setUp();
    const names = [...Object.keys(channel), ...Object.getOwnPropertyNames(Object.getPrototypeOf(channel))];
    const asked = ["send", "close", "binaryType", "onerror", "onmessage", "onopen", "protocol", "readyState"];
    expect(names).toEqual(expect.arrayContaining(asked));
  });

  it("asks to be opened, and is open when the kernel says so", () => {
    const { channel, receive, kinds } = setUp();
    const onopen = vi.fn();
    channel.onopen = onopen;
    channel.send(new Uint8Array([1]));
    expect(kinds()).toEqual(["screen_open"]); // and nothing is sent before
    receive({ kind: "screen_opened", view: VIEW });
    expect(channel.readyState).toBe("open");
    expect(onopen).toHaveBeenCalledOnce();
  });

  it("sends a copy: noVNC uses its buffer again", () => {
    const { channel, receive, payloads } = setUp();
    receive({ kind: "screen_opened", view: VIEW });
    const queue = new Uint8Array([1, 2, 3, 4]);
    channel.send(queue.subarray(1, 3));
    queue.fill(9);
    expect(payloads.map((bytes) => [...bytes])).toEqual([[2, 3]]);
  });

  it("hands on what came, and passes over what is for another view", () => {
    const { receive, data, taken } = setUp();
    data(0, new Uint8Array([1, 2]));
    receive({ kind: "screen_data", view: "other", seq: 2 }, new Uint8Array([7]));
    data(2, new Uint8Array([3]));
    expect(taken).toEqual([[1, 2], [3]]);
  });

  it("acknowledges at once what is much, and what is left when nothing more comes", () => {
    const { sent, data } = setUp();
    const acks = () => sent.flatMap((message) => (message.kind === "screen_ack" ? [message.seq] : []));
    data(0, new Uint8Array(ACK_BYTES - 1));
    expect(acks()).toEqual([]);
    data(ACK_BYTES - 1, new Uint8Array(2));
    expect(acks()).toEqual([ACK_BYTES + 1]);
    data(ACK_BYTES + 1, new Uint8Array(5));
    vi.advanceTimersByTime(ACK_IDLE_MS);
    expect(acks()).toEqual([ACK_BYTES + 1, ACK_BYTES + 6]);
  });

  it("closes where something is missing, for RFB cannot go on", () => {
    const { channel, data, taken, kinds, closed } = setUp();
    data(0, new Uint8Array([1]));
    data(5, new Uint8Array([2]));
    expect(taken).toEqual([[1]]);
    expect(kinds()).toContain("screen_close");
    expect(channel.readyState).toBe("closed");
    expect(closed).toHaveLength(1);
  });

  it("tells why the kernel closed it, and says and hears nothing after", () => {
    const { channel, receive, data, taken, closed, kinds } = setUp();
    receive({ kind: "screen_closed", view: VIEW, reason: "the VM has stopped" });
    expect(closed).toEqual(["the VM has stopped"]);
    expect(channel.reason).toBe("the VM has stopped");
    data(0, new Uint8Array([1]));
    channel.send(new Uint8Array([1]));
    channel.close();
    vi.advanceTimersByTime(60_000);
    expect(taken).toEqual([]);
    expect(kinds()).toEqual(["screen_open"]);
  });

  it("acknowledges nothing once it is closed", () => {
    const { channel, data, kinds } = setUp();
    data(0, new Uint8Array([1]));
    channel.close();
    vi.advanceTimersByTime(60_000);
    expect(kinds()).toEqual(["screen_open", "screen_close"]);
  });
});
