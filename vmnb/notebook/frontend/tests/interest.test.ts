import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Interest, RENEW_MS } from "../src/kernel/interest";
import { Sight } from "./sight";

describe("somebody's interest", () => {
  const said: string[] = [];
  const told = { watch: () => said.push("watch"), leave: () => said.push("leave") };
  let see: (isInSight: boolean) => void;
  let interest: Interest;
  const turn = (state: "visible" | "hidden") => {
    vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
    document.dispatchEvent(new Event("visibilitychange"));
  };

  beforeEach(() => {
    vi.useFakeTimers();
    said.length = 0;
    see = Sight.install();
    interest = new Interest(document.body, told);
    turn("visible");
  });
  afterEach(() => {
    interest.dispose();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it("is none before the tab is shown and in sight", () => {
    see(true);
    vi.advanceTimersByTime(5 * RENEW_MS);
    expect(said).toEqual([]);
    see(false);
    interest.show(true);
    expect(said).toEqual([]);
  });

  it("is said at once, and again and again", () => {
    see(true);
    interest.show(true);
    expect(said).toEqual(["watch"]);
    vi.advanceTimersByTime(2 * RENEW_MS);
    expect(said).toEqual(["watch", "watch", "watch"]);
  });

  it.each([
    ["another tab is chosen", () => interest.show(false)],
    ["the page is scrolled away", () => see(false)],
    ["another page is in front", () => turn("hidden")],
    ["the page closes", () => dispatchEvent(new Event("pagehide"))],
    ["the card goes", () => interest.dispose()],
  ])("ends when %s", (_name, end) => {
    see(true);
    interest.show(true);
    end();
    vi.advanceTimersByTime(5 * RENEW_MS);
    expect(said).toEqual(["watch", "leave"]);
  });

  it("is there again when the page is", () => {
    see(true);
    interest.show(true);
    turn("hidden");
    turn("visible");
    expect(said).toEqual(["watch", "leave", "watch"]);
  });

  it("is renewed at once where there is any", () => {
    interest.renew();
    see(true);
    interest.show(true);
    interest.renew();
    expect(said).toEqual(["watch", "watch"]);
  });

  it("leaves nothing behind", () => {
    interest.dispose();
    interest.show(true);
    turn("visible");
    expect(said).toEqual([]);
    expect(Sight.watching).toBe(0);
  });
});
