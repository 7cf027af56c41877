/**
 * What the kernel and the page say to each other. The Python side is `vmnb/notebook/widget.py`.
 *
 * Traits go from the kernel to the page alone. They are small JSON, and with them a saved notebook
 * is readable where no kernel runs. Bytes never travel as traits: they are buffers of custom
 * messages.
 */

export type ActionName = "start" | "stop" | "suspend" | "resume" | "destroy";

export interface ActionState {
  enabled: boolean;
  /** Why it is not enabled; shown as the button's tooltip and description. */
  reason: string;
}

export interface Busy {
  action: ActionName;
  /** When it began, in milliseconds since 1970 by the kernel's clock. */
  since_ms_epoch: number;
  /** How long it took before, in seconds; null where nothing is known. */
  expected_s: number | null;
  /** What is being done, as one word in lower case: "booting". */
  text: string;
}

export interface Problem {
  title: string;
  /** Several lines are kept as they are. */
  message: string;
  /** What to do next; may be empty. */
  hint: string;
}

export interface Card {
  name: string;
  /** A word for people, as in `VmState`. */
  state: string;
  backend: string;
  /** "KVM", "HVF", "TCG"; empty where there is none. */
  accelerator: string;
  /** Why it is this accelerator; empty where nothing needs to be said. */
  accelerator_note: string;
  vcpus: number;
  memory_mib: number;
  /** The guest's address; empty while there is none. */
  address: string;
  image: string;
  /** When it began to run, ISO 8601 with a zone; null while it does not run. */
  uptime_since: string | null;
  actions: Record<ActionName, ActionState>;
  busy: Busy | null;
  error: Problem | null;
  /** Label and value, for the tab Details. */
  facts: [string, string][];
  /** The serial consoles; missing where the kernel is older. */
  consoles?: ConsoleState[];
}

export interface ConsoleState {
  /** It takes no keys from any view. */
  read_only: boolean;
  /** The guest is told the console's size by its agent, without a word on the console. */
  sizes_itself: boolean;
}

/** Time (ISO 8601), from, to, action, duration in seconds, cause, detail. */
export type HistoryRow = [string, string, string, string, number | null, string, string];

export interface Traits {
  card: Card;
  /** The newest last; the kernel keeps it short (200 rows). */
  history: HistoryRow[];
  /** The console's screen as it last stood, as plain text without escape sequences (16 kB). */
  snapshot: string;
  /** The whole card, or the console with a slim header. */
  layout_kind: "card" | "console";
  /** Which console is shown alone. */
  console: number;
}

/** From the page to the kernel; `console` is the number of a console, from 0 on. */
export type ToKernel =
  /** Asks for the bundle; answered by `bundle`. */
  | { kind: "bundle" }
  /**
   * A view is there, and has everything before byte `seq` (-1: it has nothing). Sent at each
   * `render()` and again after a gap. Answered by `restore`, or by `output` that goes on at `seq`.
   */
  | { kind: "hello"; console: number; view: string; seq: number }
  /** The view is gone and needs nothing any more. */
  | { kind: "bye"; console: number; view: string }
  /** xterm has parsed everything before byte `seq`. */
  | { kind: "ack"; console: number; view: string; seq: number }
  /**
   * What goes to the guest, in the one buffer. `reply` marks the terminal's own answer to a query
   * of the guest: each view of a console answers, and the guest must get just one of them.
   */
  | { kind: "input"; console: number; view: string; reply: boolean }
  /**
   * The size that would fit the view; `by_hand` where a person chose it there. The console has the
   * size of the view that was used last, and a `restore` says so. With `typed` it is told to a shell
   * on the console as a person would, for a guest that has no agent.
   */
  | {
      kind: "size";
      console: number;
      view: string;
      cols: number;
      rows: number;
      by_hand: boolean;
      typed: boolean;
    }
  /** A button. Answered by `action_done` with the same `id`. */
  | { kind: "action"; action: ActionName; id: string }
  /** The person has read `card.error`; the kernel sets it to null, for every view. */
  | { kind: "dismiss" };

/** From the kernel to the page. A message with another view's `view` is not for this one. */
export type ToPage =
  /** Buffers: the script, the style. */
  | { kind: "bundle"; digest: string }
  /**
   * The one buffer draws the screen and the scrollback on a terminal that was just reset; live
   * output goes on at byte `seq`. The terminal takes the size `cols` by `rows`.
   */
  | { kind: "restore"; view: string; seq: number; cols: number; rows: number }
  /** The one buffer is the console's bytes from `seq` on. */
  | { kind: "output"; seq: number; view?: string }
  /** The console has no other end now; `reason` is a short sentence. */
  | { kind: "closed"; reason: string; view?: string }
  /** The console has its other end again. */
  | { kind: "open"; view?: string }
  | { kind: "action_done"; id: string; error?: Problem };

/** The part of anywidget's model that is used here. */
export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name] | undefined;
  on(event: "msg:custom", callback: MessageCallback): void;
  on(event: `change:${keyof Traits}`, callback: () => void): void;
  off(event: string, callback: MessageCallback | (() => void)): void;
  send(content: ToKernel, callbacks?: unknown, buffers?: ArrayBufferView[]): void;
}

export type MessageCallback = (content: ToPage, buffers: ArrayBufferView[]) => void;

/** What the bundle gives to the bootstrap. */
export interface Bundle {
  /** Show the widget in `root`; the function returned takes it away again. */
  mount(model: Model, root: HTMLElement, style: string): () => void;
}

/** The bytes of a message's buffer, whatever view of it the front end hands over. */
export function bytesOf(buffer: ArrayBufferView | undefined): Uint8Array<ArrayBuffer> {
  if (buffer === undefined) return new Uint8Array();
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}

/** Send, if there is a kernel to send to: one that is gone must not break the page. */
export function post(model: Model, message: ToKernel, buffers: ArrayBufferView[] = []): void {
  try {
    model.send(message, undefined, buffers);
  } catch (error) {
    console.warn(`vmnb: no kernel took the message "${message.kind}"`, error);
  }
}
