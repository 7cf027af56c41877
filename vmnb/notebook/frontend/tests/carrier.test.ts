import { beforeEach, describe, expect, it } from "vitest";
import { PROBE, carried, learn } from "../src/kernel/carrier";
import type { ToPage } from "../src/kernel/protocol";
import { ScriptedModel } from "./model";

const BYTES = Uint8Array.from({ length: 256 }, (_, byte) => byte);
const TEXT = Buffer.from(BYTES).toString("base64");
const answer = (heard: boolean) => ({ kind: "bundle" as const, name: "widget" as const, digest: "", sizes: [BYTES.length], heard });

describe("bytes across the border", () => {
  let model: ScriptedModel;
  let received: Uint8Array[][];
  const output = (changes = {}) => ({ kind: "output", seq: 0, ...changes }) as ToPage;
  const send = () => carried(model).send({ kind: "input", console: 0, view: "v", reply: false, at: 0 }, undefined, [BYTES]);

  beforeEach(() => {
    Reflect.deleteProperty(globalThis, Symbol.for("vmnb.carriage.1"));
    model = new ScriptedModel({});
    received = [];
    carried(model).on("msg:custom", (_, buffers) => received.push(buffers as Uint8Array[]));
  });

  it("come as they are, in whatever form the front end hands them over", () => {
    const shared = Uint8Array.of(1, ...BYTES, 1);
    const forms = [BYTES, BYTES.buffer, new DataView(shared.buffer, 1, BYTES.length)];
    for (const form of forms) model.receive(output(), form as Uint8Array);
    expect(received).toEqual(forms.map(() => [BYTES]));
  });

  it("come by text", () => {
    model.receive(output({ base64: [TEXT, ""] }));
    expect(received).toEqual([[BYTES, new Uint8Array()]]);
  });

  it("are none where the front end made something else of them", () => {
    for (const form of [{}, { 0: 7, length: 1 }, "AAEC", null]) model.receive(output(), form as never);
    expect(received.flat().map(({ length }) => length)).toEqual([0, 0, 0, 0]);
  });

  it("go as they are until something else is known", () => {
    send();
    expect(model.buffers).toEqual([[BYTES]]);
    expect(model.sent).toEqual([{ kind: "input", console: 0, view: "v", reply: false, at: 0 }]);
  });

  it("go by text where the kernel did not hear the probe", () => {
    expect(learn(answer(false), [BYTES])).toBe(true);
    send();
    expect(model.sent).toEqual([{ kind: "input", console: 0, view: "v", reply: false, at: 0, base64: [TEXT] }]);
    expect(model.buffers).toEqual([[]]);
  });

  it("are asked for by text with every message, where the page gets none", () => {
    expect(learn(answer(true), [])).toBe(false);
    send();
    expect(model.sent).toMatchObject([{ binary: false }]);
    expect(model.buffers).toEqual([[BYTES]]);
  });

  it("of any number go by text", () => {
    learn(answer(false), [BYTES]);
    const many = new Uint8Array(300_000).fill(200);
    carried(model).send({ kind: "input", console: 0, view: "v", reply: false, at: 0 }, undefined, [many]);
    model.receive({ ...output(), base64: (model.sent[0] as { base64?: string[] }).base64 } as never);
    expect(received[0]?.[0]).toEqual(many);
  });

  it("would not pass by text unharmed: such is the probe", () => {
    expect(new TextEncoder().encode(new TextDecoder().decode(PROBE))).not.toEqual(PROBE);
  });

  it("come no more when the listener has left", () => {
    const other = carried(model);
    const listener = () => received.push([]);
    other.on("msg:custom", listener);
    other.off("msg:custom", listener);
    model.receive(output(), BYTES);
    expect(received).toEqual([[BYTES]]);
  });
});
