import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadBundle } from "../src/page";
import { ScriptedModel } from "./model";

const DIGEST = "the digest of the tests";
const WANTED = { name: "widget", digest: DIGEST } as const;
const SCRIPT = new TextEncoder().encode("export const mount = () => 'mounted';");
const STYLE = new TextEncoder().encode(".vmnb {}");

describe("fetching the bundle", () => {
  const asked = (model: ScriptedModel) => model.sent.filter(({ kind }) => kind === "bundle").length;
  const sizes = [SCRIPT.length, STYLE.length];
  const said = { kind: "bundle" as const, name: "widget" as const, digest: DIGEST, sizes, heard: true };
  const answer = (model: ScriptedModel) => model.receive(said, SCRIPT, STYLE);
  const start = (model: ScriptedModel) => loadBundle(model, WANTED, new AbortController().signal);

  beforeEach(() => {
    vi.useFakeTimers();
    for (const key of ["vmnb.page.2", "vmnb.carriage.1"]) Reflect.deleteProperty(globalThis, Symbol.for(key));
  });
  afterEach(() => vi.useRealTimers());

  it("asks the kernel once for all widgets of a page", async () => {
    const [first, second] = [new ScriptedModel({}), new ScriptedModel({})];
    const both = Promise.all([start(first), start(second)]);
    vi.advanceTimersByTime(100);
    answer(first);
    vi.advanceTimersByTime(60_000);
    const [one, other] = await both;
    expect(one).toBe(other);
    expect(one.style).toBe(".vmnb {}");
    expect([asked(first), asked(second)]).toEqual([1, 0]);
  });

  it("does not ask at all when the page has it", async () => {
    const [first, second] = [new ScriptedModel({}), new ScriptedModel({})];
    const loaded = start(first);
    answer(first);
    await loaded;
    expect(await start(second)).toBe(await loaded);
    expect(second.sent).toEqual([]);
  });

  it("asks another kernel when the first does not answer", () => {
    const [dead, live] = [new ScriptedModel({}), new ScriptedModel({})];
    void start(dead);
    void start(live);
    vi.advanceTimersByTime(60_000);
    expect([asked(dead), asked(live)]).toEqual([1, 1]);
  });

  it("asks once more, for text, when the front end loses the bytes", async () => {
    const model = new ScriptedModel({});
    const loaded = start(model);
    vi.advanceTimersByTime(100);
    model.receive(said);
    expect(asked(model)).toBe(2);
    answer(model);
    expect((await loaded).style).toBe(".vmnb {}");
  });

  it("says so when the bytes are lost for good", async () => {
    const model = new ScriptedModel({});
    const loaded = start(model);
    vi.advanceTimersByTime(100);
    for (const _ of [1, 2]) model.receive(said);
    await expect(loaded).rejects.toThrow("carries no bytes");
    expect(asked(model)).toBe(2);
  });

  it("stops listening and asking when the widget goes", () => {
    const model = new ScriptedModel({});
    const controller = new AbortController();
    void loadBundle(model, WANTED, controller.signal);
    controller.abort();
    vi.advanceTimersByTime(60_000);
    expect(model.sent).toEqual([]);
    expect(model.listenerCount).toBe(0);
  });
});
