// What a page measures about the terminals in it, whoever put them there: `window.bench`.
(() => {
  const ECHO_MS = 30_000;
  const TEXT_MS = 600_000;
  const terminals = [];
  // Each of xterm's terminals keeps its core under this name. Setting it is how we learn of one.
  Object.defineProperty(Object.prototype, "_core", {
    configurable: true,
    set(core) {
      Object.defineProperty(this, "_core", { value: core, writable: true, configurable: true, enumerable: true });
      terminals.push(this);
    },
  });

  const terminalIn = (selector) =>
    terminals.findLast((one) => one.onData && one.buffer && one.element?.isConnected && one.element.closest(selector));

  const lastLines = ({ active }) => {
    const end = active.baseY + active.cursorY;
    return Array.from({ length: 4 }, (_, back) => active.getLine(end - back)?.translateToString(true) ?? "");
  };

  const upToCursor = ({ active }) =>
    active.getLine(active.baseY + active.cursorY)?.translateToString(false, 0, active.cursorX) ?? "";

  /** Milliseconds from the next key to `isDone`, which is asked at each of the terminal's events. */
  function measure(event, isDone, patienceMs) {
    return new Promise((resolve, reject) => {
      let began = Infinity;
      setTimeout(() => reject(new Error("the terminal did not show it in time")), patienceMs);
      addEventListener("keydown", () => { began = performance.now(); }, { capture: true, once: true });
      const listening = event(() => {
        if (began === Infinity || !isDone()) return;
        const took = performance.now() - began;
        listening.dispose();
        resolve(took);
      });
    });
  }

  const ADLER = 65521;
  const digests = new Map();

  /** Adler-32 of all that a terminal is given from now on, as zlib computes it. */
  function watchBytes(terminal) {
    const state = { a: 1, b: 0, count: 0, texts: 0 };
    if (!digests.has(terminal)) {
      const write = terminal.write.bind(terminal);
      terminal.write = (data, done) => {
        const seen = digests.get(terminal);
        if (typeof data === "string") seen.texts += 1;
        else add(seen, data);
        return write(data, done);
      };
    }
    digests.set(terminal, state);
  }

  function add(state, bytes) {
    let { a, b } = state;
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(at + 5000, bytes.length);
      for (; at < end; at += 1) {
        a += bytes[at];
        b += a;
      }
      a %= ADLER;
      b %= ADLER;
    }
    state.a = a;
    state.b = b;
    state.count += bytes.length;
  }

  window.bench = {
    has: (selector) => terminalIn(selector) !== undefined,
    isAt: (selector, prompt) => upToCursor(terminalIn(selector).buffer).trimEnd().endsWith(prompt),
    /** From the next key to its glyph in the buffer, before the cursor; the last key was another. */
    echo(selector, glyph) {
      const { buffer, onWriteParsed } = terminalIn(selector);
      this.result = measure(onWriteParsed, () => upToCursor(buffer).endsWith(glyph), ECHO_MS);
    },
    /** From the next key to the drawing of `text` near the cursor. */
    text(selector, text) {
      const terminal = terminalIn(selector);
      this.isDone = false;
      const isShown = () => lastLines(terminal.buffer).some((line) => line.includes(text));
      this.result = measure(terminal.onRender, isShown, TEXT_MS).finally(() => { this.isDone = true; });
    },
    watchBytes: (selector) => watchBytes(terminalIn(selector)),
    digest(selector) {
      const { a, b, count, texts } = digests.get(terminalIn(selector));
      return { adler: (b * 65536 + a) >>> 0, count, texts };
    },
  };
})();
