// Two terminals of the real kind, and all that can be known of their cells.
let live, back;

function made() {
  const terminal = new Terminal({ cols: 80, rows: 24, scrollback: 5000, allowProposedApi: true, logLevel: "off" });
  terminal.loadAddon(new Unicode11Addon.Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  terminal.open(document.getElementById("main").appendChild(document.createElement("div")));
  return terminal;
}

function begin() {
  live?.dispose();
  back?.dispose();
  document.getElementById("main").replaceChildren();
  [live, back] = [made(), made()];
}

function write(terminal, data) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  return new Promise((resolve) => terminal.write(bytes, resolve));
}

/** A cell that was never written looks like a blank. */
function cell(one) {
  const flags = ["Bold", "Dim", "Italic", "Underline", "Blink", "Inverse", "Invisible", "Strikethrough", "Overline"];
  const on = flags.filter((flag) => one[`is${flag}`]()).join(",");
  return [one.getChars() || " ", one.getWidth(), one.getFgColorMode(), one.getFgColor(), one.getBgColorMode(), one.getBgColor(), on].join("|");
}

function cells(terminal) {
  const { active, normal, alternate } = terminal.buffer;
  const buffers = active.type === "alternate" ? [normal, alternate] : [normal];
  const lines = buffers.flatMap((buffer) =>
    Array.from({ length: buffer.length }, (_, y) => {
      const line = buffer.getLine(y);
      return Array.from({ length: terminal.cols }, (_, x) => cell(line.getCell(x))).join(" ");
    }),
  );
  return [...lines, `${active.type} ${active.cursorX} ${active.cursorY} ${active.baseY}`, JSON.stringify(terminal.modes)];
}
