import { describe, expect, it, vi } from "vitest";
import { PreferenceStore } from "../src/console/preferences";

describe("the reader's preferences", () => {
  it("are there again on the next page", () => {
    new PreferenceStore(() => localStorage).change({ zoom: 2, reader: true, rows: 40 });
    expect(new PreferenceStore(() => localStorage).now).toEqual({ zoom: 2, reader: true, rows: 40 });
  });

  it("hold as long as the page where nothing may be kept", () => {
    const store = new PreferenceStore(() => {
      throw new DOMException("not here", "SecurityError");
    });
    const heard = vi.fn();
    store.subscribe(heard);
    store.change({ rows: 30 });
    expect(store.now.rows).toBe(30);
    expect(heard).toHaveBeenCalledOnce();
  });

  it.each(["{", '{"rows": 1e9, "zoom": "x", "reader": 1}', "null"])("are sane whatever is kept: %s", (kept) => {
    localStorage.setItem("vmnb.console", kept);
    const { zoom, rows, reader } = new PreferenceStore(() => localStorage).now;
    expect([zoom, reader]).toEqual([0, false]);
    expect(rows).toBeLessThanOrEqual(100);
  });
});
