/**
 * What a guest may not do with the terminal that shows it. Guest output is hostile until proven
 * otherwise: it may draw, and nothing else.
 */
import type { IDisposable, IFunctionIdentifier, Terminal } from "@xterm/xterm";

/** Window and icon titles, hyperlinks, the clipboard: never. */
const REFUSED_OSC = [0, 1, 2, 8, 52];
/** The palette is the reader's theme; and a view that comes later would not know of another. */
const COLOUR_OSC = [4, 10, 11, 12];
/** What a terminal does one by one, and would be busy with for minutes. The kernel's screen agrees. */
const COUNTED_CSI = ["I", "L", "M", "S", "T", "Z", "b"];
const COUNT_MAX = 9999;
/** Window operations, and the queries nothing in a guest needs an answer to. */
const REFUSED_CSI: IFunctionIdentifier[] = [
  { final: "t" }, // window operations and reports
  { prefix: ">", final: "c" }, // secondary device attributes
  { prefix: "=", final: "c" }, // tertiary device attributes
  { prefix: "?", final: "n" }, // private status reports
  { intermediates: "$", final: "p" }, // mode queries
  { prefix: "?", intermediates: "$", final: "p" },
  { prefix: ">", final: "q" }, // version
  { prefix: "?", final: "u" }, // keyboard protocol
];
/** Settings and capabilities by name. */
const REFUSED_DCS: IFunctionIdentifier[] = [
  { intermediates: "$", final: "q" },
  { intermediates: "+", final: "q" },
];

const swallow = () => true;

export interface Guard extends IDisposable {
  /** While true, old output is drawn again, and its questions were answered long ago. */
  isReplaying: boolean;
  /** False for a report that the terminal would send because of a replay, not of a person. */
  lets(data: string): boolean;
}

/**
 * Refuse what is refused, and answer two harmless queries by `reply`: the primary device attributes
 * and the cursor's position, which `resize`, shells and editors wait for.
 */
export function guard(terminal: Terminal, reply: (answer: string) => void): Guard {
  const parser = terminal.parser;
  const answer = (text: string): true => {
    if (!self.isReplaying) reply(text);
    return true;
  };
  const handlers = [
    ...[...REFUSED_OSC, ...COLOUR_OSC].map((id) => parser.registerOscHandler(id, swallow)),
    ...COUNTED_CSI.map((final) =>
      parser.registerCsiHandler({ final }, ([count]) => typeof count === "number" && count > COUNT_MAX),
    ),
    ...REFUSED_CSI.map((id) => parser.registerCsiHandler(id, swallow)),
    ...REFUSED_DCS.map((id) => parser.registerDcsHandler(id, swallow)),
    parser.registerCsiHandler({ final: "c" }, () => answer("\x1b[?1;2c")),
    parser.registerCsiHandler({ final: "n" }, ([query]) => {
      if (query === 5) return answer("\x1b[0n");
      if (query === 6) return answer(cursorReport(terminal));
      return true;
    }),
  ];
  const self: Guard = {
    isReplaying: false,
    lets: (data) => !(self.isReplaying && /^\x1b\[[IO]$/.test(data)), // a focus report
    dispose: () => handlers.forEach((handler) => handler.dispose()),
  };
  return self;
}

function cursorReport(terminal: Terminal): string {
  const { cursorX, cursorY } = terminal.buffer.active;
  return `\x1b[${cursorY + 1};${Math.min(cursorX + 1, terminal.cols)}R`;
}
