import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link, RETRY_MS } from "../src/kernel/link";
import type { ToKernel, ToPage } from "../src/kernel/protocol";
import { ANSWER_MS, ASK_MS } from "../src/kernel/socket-link";
import { DIRECT_MS, PROXIED_MS } from "../src/kernel/socket-ways";
import { ScriptedModel } from "./model";
import { openPageAt, proxied } from "./place";
import { ScriptedSocket } from "./socket";

/** Of the kernel; each test has one of its own. */
let token = "";

function key(letter: string): ToKernel {
  return { kind: "input", console: 0, view: letter, reply: false, at: 0 };
}

describe("a link", () => {
  let model: ScriptedModel;
  let link: Link;
  let heard: ToPage[];
  /** The keys of what went a way, and nothing else. */
  const keys = ({ sent }: { sent: ToKernel[] }) => sent.flatMap((one) => (one.kind === "input" ? one.view : [])).join("");
  const socket = () => ScriptedSocket.made.at(-1) as ScriptedSocket;
  const pings = () => socket().sent.filter(({ kind }) => (kind as string) === "ping").length;
  const type = (text: string) => [...text].forEach((letter) => link.send(key(letter)));
  const offer = () => model.receive({ kind: "socket", port: 4321, token, widget: "w" });
  const makeLink = () => {
    model = new ScriptedModel({});
    link = new Link(model);
    heard = [];
    link.on("msg:custom", (message) => heard.push(message));
  };
  const enter = () => {
    offer();
    socket().open(token);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", ScriptedSocket);
    ScriptedSocket.made = [];
    token = crypto.randomUUID();
    openPageAt("http://lab.test/");
    proxied();
    makeLink();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("asks for a socket where there is a proxy, and says from which page", () => {
    expect(model.sent).toEqual([{ kind: "socket", origin: location.origin }]);
  });

  it("asks for nothing and is the comm where there is none", () => {
    document.head.innerHTML = "";
    makeLink();
    offer();
    type("a");
    expect(model.sent).toEqual([key("a")]);
    expect(ScriptedSocket.made).toEqual([]);
  });

  it("goes by the comm until it is offered a socket", () => {
    type("ab");
    expect(keys(model)).toBe("ab");
  });

  it("goes to the port by way of the page's server, and never says the token there", () => {
    enter();
    expect(socket().url).toBe("ws://lab.test/hub/proxy/4321/");
    expect(socket().sent).toEqual([{ kind: "challenge" }, { kind: "enter", widget: "w" }]);
    expect(heard).toEqual([{ kind: "relinked" }]);
  });

  it("goes by the comm until the kernel has let it in", () => {
    type("a");
    offer();
    type("bc");
    socket().accept();
    socket().prove(token);
    type("d");
    expect(keys(model)).toBe("abcd");
    socket().say({ kind: "relinked" });
    type("e");
    expect(keys(socket())).toBe("e");
  });

  it("hands over what comes by either way", () => {
    enter();
    socket().say({ kind: "output", seq: 3 }, Uint8Array.of(1));
    model.receive({ kind: "open", elsewhere: false });
    expect(heard.map(({ kind }) => kind)).toEqual(["relinked", "output", "open"]);
  });

  it("stays with the comm when the socket does not open, and does not try that kernel again", () => {
    offer();
    socket().break();
    type("ab");
    expect(keys(model)).toBe("ab");
    expect(heard).toEqual([]);
    offer();
    vi.advanceTimersByTime(10 * RETRY_MS);
    makeLink();
    offer();
    expect(ScriptedSocket.made).toHaveLength(1);
  });

  it("does not wait for ever for a socket that nobody answers", () => {
    offer();
    vi.advanceTimersByTime(PROXIED_MS);
    expect(socket().isClosed).toBe(true);
  });

  describe("of a page from this very machine", () => {
    const directs = () => ScriptedSocket.made.filter(({ url }) => url.startsWith("ws://[::ffff:127.0.0.1]:4321/"));
    const isProxied = () => socket().url === "ws://127.0.0.1:8888/hub/proxy/4321/";
    /** Nothing has been told to whoever is at the other end. */
    const expectToldNothing = ({ sent, buffers }: ScriptedSocket) => {
      expect(sent).toEqual([{ kind: "challenge" }]);
      expect(buffers.flat().map(({ length }) => length)).toEqual([32]);
    };

    beforeEach(() => openPageAt("http://127.0.0.1:8888/lab"));

    it("goes straight to the port", () => {
      enter();
      type("a");
      expect(ScriptedSocket.made).toEqual(directs());
      expect(keys(socket())).toBe("a");
    });

    it("goes by the proxy at once where nobody listens there, and does not try there again", () => {
      offer();
      socket().break();
      expect(isProxied()).toBe(true);
      socket().open(token);
      type("a");
      expect(keys(socket())).toBe("a");
      socket().break();
      vi.advanceTimersByTime(RETRY_MS);
      expect(isProxied()).toBe(true);
      expect(directs()).toHaveLength(1);
      expect(ScriptedSocket.made).toHaveLength(3);
    });

    it("goes by the proxy soon where somebody listens there and says nothing", () => {
      offer();
      socket().accept();
      type("a");
      vi.advanceTimersByTime(DIRECT_MS - 1);
      expect(directs()[0]?.isClosed).toBe(false);
      vi.advanceTimersByTime(1);
      expect(directs()[0]?.isClosed).toBe(true);
      expect(isProxied()).toBe(true);
      expect(keys(model)).toBe("a");
      expectToldNothing(directs()[0]!);
    });

    it.each([
      ["proves to know another token", (one: ScriptedSocket) => one.prove("another")],
      ["lets it in without a proof", (one: ScriptedSocket) => one.say({ kind: "relinked" })],
      ["proves nothing", (one: ScriptedSocket) => one.say({ kind: "proof" } as never)],
      ["sends the challenge back", (one: ScriptedSocket) => one.say({ kind: "challenge" } as never, one.buffers[0]![0]!)],
      ["speaks in words", (one: ScriptedSocket) => one.receive("hello")],
      ["speaks in other frames", (one: ScriptedSocket) => one.receive(new ArrayBuffer(3))],
    ])("goes by the proxy where somebody %s, and tells neither token nor key", (_how, lie) => {
      offer();
      type("a");
      socket().accept();
      type("b");
      lie(socket());
      expect(directs()[0]?.isClosed).toBe(true);
      expect(isProxied()).toBe(true);
      type("c");
      socket().open(token);
      type("d");
      directs()[0]?.say({ kind: "relinked" });
      expect([keys(model), keys(socket())]).toEqual(["abc", "d"]);
      expect(heard).toEqual([{ kind: "relinked" }]);
      expectToldNothing(directs()[0]!);
    });

    it("does not believe a proof that was overheard", () => {
      offer();
      socket().accept();
      const overheard = socket().prove(token);
      socket().say({ kind: "relinked" });
      socket().break();
      vi.advanceTimersByTime(RETRY_MS);
      socket().accept();
      socket().receive(overheard);
      expect(directs()).toHaveLength(2);
      expectToldNothing(directs()[1]!);
      expect(isProxied()).toBe(true);
    });

    it("goes straight to the port again where that worked and broke", () => {
      enter();
      type("a");
      socket().break();
      type("b");
      expect(keys(model)).toBe("b");
      vi.advanceTimersByTime(RETRY_MS);
      socket().open(token);
      type("c");
      expect(keys(socket())).toBe("c");
      expect(ScriptedSocket.made).toEqual(directs());
      expect(heard).toEqual([{ kind: "relinked" }, { kind: "relinked" }, { kind: "relinked" }]);
    });

    it("stays with the comm where neither way leads to the kernel", () => {
      offer();
      socket().break();
      socket().break();
      offer();
      vi.advanceTimersByTime(10 * RETRY_MS);
      type("a");
      expect(keys(model)).toBe("a");
      expect(ScriptedSocket.made).toHaveLength(2);
    });

    it("tries no other way once it is closed", () => {
      offer();
      link.close();
      socket().break();
      vi.advanceTimersByTime(10 * RETRY_MS);
      expect(ScriptedSocket.made).toHaveLength(1);
    });
  });

  it("falls back to the comm when the socket breaks, and says that what was not answered may be lost", () => {
    enter();
    type("ab");
    socket().break();
    type("c");
    expect(keys(model)).toBe("c");
    expect(heard).toEqual([{ kind: "relinked" }, { kind: "relinked" }]);
  });

  it("holds a socket where nobody answers for broken", () => {
    enter();
    vi.advanceTimersByTime(10 * ANSWER_MS);
    type("a");
    vi.advanceTimersByTime(ASK_MS + ANSWER_MS - 1);
    expect(socket().isClosed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(socket().isClosed).toBe(true);
    expect(heard.at(-1)).toEqual({ kind: "relinked" });
  });

  it("asks once whether somebody is there, not right behind a key, and is content with the answer", () => {
    enter();
    type("ab");
    expect(pings()).toBe(0);
    vi.advanceTimersByTime(ASK_MS);
    expect(pings()).toBe(1);
    socket().say({ kind: "pong" });
    vi.advanceTimersByTime(10 * ANSWER_MS);
    expect(socket().isClosed).toBe(false);
    expect(heard).toEqual([{ kind: "relinked" }]);
  });

  it("comes back to a socket that worked", () => {
    enter();
    socket().break();
    vi.advanceTimersByTime(RETRY_MS);
    socket().open(token);
    type("b");
    expect(ScriptedSocket.made).toHaveLength(2);
    expect(keys(socket())).toBe("b");
  });

  it("lets go of everything when it is closed", () => {
    offer();
    link.close();
    expect(socket().isClosed).toBe(true);
    expect(model.listenerCount).toBe(0);
    vi.advanceTimersByTime(10 * RETRY_MS);
    expect(ScriptedSocket.made).toHaveLength(1);
  });

  it("passes traits through", () => {
    const onChange = vi.fn();
    link.on("change:card", onChange);
    model.set("snapshot", "text");
    model.set("layout_kind", "card");
    model.set("card", {} as never);
    link.off("change:card", onChange);
    model.set("card", {} as never);
    expect(onChange).toHaveBeenCalledTimes(1);
    expect(link.get("snapshot")).toBe("text");
  });
});
