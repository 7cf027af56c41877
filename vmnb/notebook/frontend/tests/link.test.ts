import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link, RETRY_MS } from "../src/link";
import type { ToKernel, ToPage } from "../src/protocol";
import { ANSWER_MS, ASK_MS, OPEN_MS } from "../src/socket-link";
import { ScriptedModel } from "./model";
import { ScriptedSocket } from "./socket";

const PROXY = '{"baseUrl": "/hub/", "federated_extensions": [{"name": "@jupyterhub/jupyter-server-proxy"}]}';
let token = 0;

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
  const offer = () => model.receive({ kind: "socket", port: 4321, token: String(token), widget: "w" });
  const makeLink = () => {
    model = new ScriptedModel({});
    link = new Link(model);
    heard = [];
    link.on("msg:custom", (message) => heard.push(message));
  };
  const enter = () => {
    offer();
    socket().open();
  };

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", ScriptedSocket);
    ScriptedSocket.made = [];
    token += 1;
    document.head.innerHTML = `<script id="jupyter-config-data" type="application/json">${PROXY}</script>`;
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

  it("goes to the port by way of the page's server, and says the token first", () => {
    enter();
    expect(socket().url).toBe(`ws://${location.host}/hub/proxy/4321/`);
    expect(socket().sent[0]).toEqual({ kind: "enter", token: String(token), widget: "w" });
    expect(heard).toEqual([{ kind: "relinked" }]);
  });

  it("goes by the comm until the kernel has let it in", () => {
    type("a");
    offer();
    type("bc");
    expect(keys(model)).toBe("abc");
    socket().open();
    type("d");
    expect(keys(socket())).toBe("d");
  });

  it("hands over what comes by either way", () => {
    enter();
    socket().say({ kind: "output", seq: 3 }, Uint8Array.of(1));
    model.receive({ kind: "open" });
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
    vi.advanceTimersByTime(OPEN_MS);
    expect(socket().isClosed).toBe(true);
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
    socket().open();
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
