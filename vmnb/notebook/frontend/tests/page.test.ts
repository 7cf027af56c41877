import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadBundle } from "../src/page";
import { ScriptedModel } from "./model";

const DIGEST = "the digest of the tests";
const WANTED = { name: "widget", digest: DIGEST } as const;
const SCRIPT = new TextEncoder().encode("export const mount = () => 'mounted';");
const STYLE = new TextEncoder().encode(".vmnb {}");

describe("fetching the bundle", () => {
  const asked = (model: ScriptedModel) => model.sent.filter(({ kind }) => kind === "bundle").length;
  const answer = (model: ScriptedModel) => model.receive({ kind: "bundle", name: "widget", digest: DIGEST }, SCRIPT, STYLE);
  const start = (model: ScriptedModel) => loadBundle(model, WANTED, new AbortController().signal);

  beforeEach(() => {
    vi.useFakeTimers();
    Reflect.deleteProperty(globalThis, Symbol.for("vmnb.page.2"));
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
