import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { waysTo } from "../src/kernel/socket-ways";
import { openPageAt, proxied } from "./place";

describe("the ways to a port", () => {
  beforeEach(proxied);
  afterEach(() => document.head.replaceChildren());

  it.each(["http://127.0.0.1:8888/lab", "http://localhost:8888/lab"])("begin with the straight one from %s", (page) => {
    openPageAt(page);
    const urls = waysTo(4321).map(({ url }) => url);
    expect(urls).toEqual(["ws://[::ffff:127.0.0.1]:4321/", `ws://${location.host}/hub/proxy/4321/`]);
  });

  it("have no name for it that the browser knows cookies of", () => {
    openPageAt("http://127.0.0.1:8888/");
    expect(new URL(waysTo(4321)[0]!.url).hostname).not.toBe(location.hostname);
  });

  it.each(["http://lab.test/", "https://localhost/", "http://127.0.0.1.evil.example/", "http://localhost.evil.example/", "http://127.0.0.2/"])(
    "are the proxy's alone from %s",
    (page) => {
      openPageAt(page);
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      expect(waysTo(4321).map(({ url }) => url)).toEqual([`${scheme}://${location.host}/hub/proxy/4321/`]);
    },
  );

  it("are none where there is no proxy", () => {
    openPageAt("http://127.0.0.1:8888/");
    document.head.replaceChildren();
    expect(waysTo(4321)).toEqual([]);
  });
});
