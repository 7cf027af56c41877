import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PATIENCE_MS, PAUSE_MS, StillView } from "../src/screen/still";
import { ScriptedModel } from "./model";

const VIEW = "one";
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);

describe("the screen as still pictures", () => {
  const model = new ScriptedModel({});
  const frame = document.createElement("div");
  const asked = () => model.sent.filter(({ kind }) => kind === "screen_still").length;
  const events = { onShown: vi.fn(), onEnd: vi.fn() };
  let still: StillView;

  beforeEach(() => {
    vi.useFakeTimers();
    model.sent.length = 0;
    still = new StillView(model, frame, "Screen of web", VIEW, events);
  });
  afterEach(() => {
    still.close();
    vi.useRealTimers();
  });

  it("asks for the next when it has had one for a while, however quick the kernel is", () => {
    expect(asked()).toBe(1);
    still.receive({ kind: "screen_still", view: VIEW }, [PNG]);
    vi.advanceTimersByTime(PAUSE_MS - 1);
    expect(asked()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(asked()).toBe(2);
  });

  it("asks again only after a long while where no answer comes", () => {
    vi.advanceTimersByTime(PATIENCE_MS - 1);
    expect(asked()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(asked()).toBe(2);
  });

  it("is an image with a name, and says when there is something to see", () => {
    still.receive({ kind: "screen_still", view: VIEW }, [PNG]);
    const image = frame.querySelector("img");
    expect(image?.alt).toBe("Screen of web");
    expect(image?.src).toMatch(/^blob:/);
    image?.dispatchEvent(new Event("load"));
    expect(image?.hidden).toBe(false);
    expect(events.onShown).toHaveBeenCalled();
  });

  it("asks for nothing once it is closed, and is gone", () => {
    still.close();
    vi.advanceTimersByTime(60_000);
    expect(asked()).toBe(1);
    expect(frame.childElementCount).toBe(0);
  });
});
