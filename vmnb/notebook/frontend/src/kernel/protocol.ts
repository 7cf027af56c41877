/**
 * What the kernel and the page say to each other. The Python side is `vmnb/notebook/widget/page_widget.py`.
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
  /** What it goes on from, for people, where it has not booted; missing where the kernel is older. */
  origin?: string;
  image: string;
  /** When it began to run, ISO 8601 with a zone; null while it does not run. */
  uptime_since: string | null;
  actions: Record<ActionName, ActionState>;
  busy: Busy | null;
  error: Problem | null;
  /** Why there is no screen to look at now, for people; empty while there is one. */
  no_screen: string;
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

/** How the page's messages reach the kernel while a cell runs. */
export interface Reach {
  /** The comm to be named on the control channel, where the kernel listens there for it; or empty. */
  control: string;
  /** What would help where they do not get through; may be empty. */
  advice: string;
}

/** What a machine used at a moment; rates are means since the point before, null where not known. */
export interface MetricPoint {
  /** Milliseconds since 1970 by the kernel's clock. */
  time_ms: number;
  /** Of one core of the host, by the whole machine. */
  cpu_percent: number | null;
  /** Likewise, by each virtual CPU. */
  vcpu_percent: number[];
  memory_mib: number;
  guest_memory_mib: number | null;
  disk_read_bytes_per_s: number | null;
  disk_written_bytes_per_s: number | null;
  network_received_bytes_per_s: number | null;
  network_sent_bytes_per_s: number | null;
}

/** The states over time, each following the other; times in milliseconds since 1970. */
export interface States {
  /** State or "unknown", beginning, end; null where it goes on. */
  segments: [string, number, number | null][];
  /** What happened and left the state as it was. */
  marks: [string, number][];
}

/** A machine in the table of a fleet. */
export interface FleetRow extends Pick<Card, "name" | "state" | "busy" | "address" | "uptime_since"> {
  /** Where this computer reaches it behind NAT, for people; may be empty. */
  ways_in: string;
  /** The first line of what is wrong with it; empty where nothing is. */
  trouble: string;
}

/** Several machines in one table, and what can be asked of all that allow it. */
export interface Fleet {
  rows: FleetRow[];
  actions: Record<FleetAction, ActionState>;
  error: Problem | null;
}

export type FleetAction = Exclude<ActionName, "destroy">;

export interface Traits {
  card: Card;
  /** In place of `card` and what follows it, where several machines are shown. */
  fleet: Fleet;
  /** The newest last; the kernel keeps it short (7.2 kB). */
  history: HistoryRow[];
  /** `States` as JSON text: as a list each number would be a line of the notebook's file. */
  states: string;
  reach: Reach;
  /** The console's screen as it last stood, as plain text without escape sequences (2.5 kB). */
  snapshot: string;
  /** The whole card, the console with a slim header, or the table of a fleet. */
  layout_kind: "card" | "console" | "fleet";
  /** Which console is shown alone. */
  console: number;
  /** Names the HTML beside the widget that stands for it where none runs, and hides meanwhile. */
  saved_key: string;
}

/** All that every widget needs, or what only a live screen does. */
export type BundleName = "widget" | "screen";

/** From the page to the kernel; `console` is the number of a console, from 0 on. */
export type ToKernel =
  /** Asks for a part of the widget's code; answered by `bundle`. The one buffer is `PROBE`, see `carrier.ts`. */
  | { kind: "bundle"; name: BundleName }
  /** Tries another way to the kernel; answered by `knocked`. */
  | { kind: "knock" }
  /**
   * A view is there, and has everything before byte `seq` (-1: it has nothing). Sent at each
   * `render()` and again after a gap. Answered by `restore`, or by `output` that goes on at `seq`;
   * and by `typed`, which does not go below the `typed` said here.
   */
  | { kind: "hello"; console: number; view: string; seq: number; typed: number }
  /** The view is gone and needs nothing any more. */
  | { kind: "bye"; console: number; view: string }
  /** xterm has parsed everything before byte `seq`. */
  | { kind: "ack"; console: number; view: string; seq: number }
  /**
   * What goes to the guest, in the one buffer; its first byte is byte `at` of all that this view
   * sends. `reply` marks the terminal's own answer to a query of the guest: each view of a console
   * answers, and the guest must get just one of them.
   */
  | { kind: "input"; console: number; view: string; reply: boolean; at: number }
  /** The person wants to type here, and another process typed; answered by `open` or `not_taken`. */
  | { kind: "take_over"; console: number; view: string }
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
  /**
   * A button. Answered by `action_taken`, and in the end by `action_done`, with the same `id`. It is
   * done once, however often it comes.
   */
  | { kind: "action"; action: ActionName; id: string }
  /**
   * A view looks at the metrics, and has every point before number `since`. Said again each ten
   * seconds, for who says nothing for thirty is gone. Answered by `metrics` or `metrics_refused`.
   */
  | { kind: "metrics_watch"; view: string; since: number }
  /** The view looks no more. */
  | { kind: "metrics_leave"; view: string }
  /** The person has read `card.error`; the kernel sets it to null, for every view. */
  | { kind: "dismiss" }
  /** Asks for a WebSocket for pages of `origin`; answered by `socket`. */
  | { kind: "socket"; origin: string }
  | ScreenToKernel;

/** Of the screen: the last three may be answered by `screen_refused`. */
export type ScreenToKernel =
  /** Connects a view; answered by `screen_opened` or `screen_closed`. */
  | { kind: "screen_open"; view: string }
  /** RFB to the guest, in the one buffer. */
  | { kind: "screen_data"; view: string }
  /** The view has taken everything before byte `seq`. */
  | { kind: "screen_ack"; view: string; seq: number }
  | { kind: "screen_close"; view: string }
  /** Asks for one still picture; answered by `screen_still`. */
  | { kind: "screen_still"; view: string }
  /** Keys to press, such as `["ctrl-alt-delete"]`. */
  | { kind: "screen_keys"; view: string; keys: string[] }
  /** Text to type, key by key. */
  | { kind: "screen_type"; view: string; text: string };

/** From the kernel to the page. A message with another view's `view` is not for this one. */
export type ToPage =
  /** Buffers: the script, the style, of `sizes` bytes. `heard`: the request's buffer was whole. */
  | { kind: "bundle"; name: BundleName; digest: string; sizes: number[]; heard: boolean }
  | { kind: "knocked" }
  /**
   * The one buffer draws the screen and the scrollback on a terminal that was just reset; live
   * output goes on at byte `seq`. The terminal takes the size `cols` by `rows`.
   */
  | { kind: "restore"; view: string; seq: number; cols: number; rows: number }
  /** The one buffer is the console's bytes from `seq` on. */
  | { kind: "output"; seq: number; view?: string }
  /** The console has no other end now; `reason` is a short sentence. */
  | { kind: "closed"; reason: string; view?: string }
  /** The console has its other end; `elsewhere`: it is typed on by another process, and only read here. */
  | { kind: "open"; elsewhere: boolean; view?: string }
  /** It could not be taken over; `reason` is a short sentence. */
  | { kind: "not_taken"; reason: string; view: string }
  /** The kernel listens on a port of its machine. */
  | ({ kind: "socket" } & Door)
  /** By a WebSocket alone: the kernel is there. */
  | { kind: "pong" }
  /**
   * Messages travel another way from now on, and some may be lost on the old one: whoever waits for
   * an answer asks again, and a view says hello.
   */
  | { kind: "relinked" }
  /** What the notebook keeps of the VM is this now. */
  | { kind: "saved"; output: SavedOutput }
  /** This view did not keep up and gets no more; it may say hello when it has drawn what it has. */
  | { kind: "dropped"; view: string }
  /**
   * The kernel has what the view sent before byte `seq`. With `again`, what came after it may not
   * have arrived.
   */
  | { kind: "typed"; view: string; seq: number; again: boolean }
  | { kind: "action_taken"; id: string }
  /** Points from number `first` on, and sentences about where they come from and what is missing. */
  | { kind: "metrics"; first: number; points: MetricPoint[]; notes: string[]; view?: string }
  /** Nothing can be measured now; `reason` is a short sentence. */
  | { kind: "metrics_refused"; reason: string; view: string }
  | { kind: "action_done"; id: string; error?: Problem }
  | ScreenToPage;

/** An output of a cell, as in the notebook's file. */
export interface SavedOutput {
  data?: Record<string, string>;
  metadata?: { vmnb?: { key: string } };
}

/** What a page needs to talk to its widget's kernel over a WebSocket. */
export interface Door {
  port: number;
  /** What page and kernel know, and prove to each other that they know; it is never sent there. */
  token: string;
  /** The widget's name there. */
  widget: string;
}

export type ScreenToPage =
  | { kind: "screen_opened"; view: string }
  /** The one buffer is RFB from the guest, from byte `seq` on. */
  | { kind: "screen_data"; view: string; seq: number }
  /** The live view is over, or could not begin; `reason` is a short sentence. */
  | { kind: "screen_closed"; view: string; reason: string }
  /** The one buffer is a PNG file. */
  | { kind: "screen_still"; view: string }
  /** What was asked for cannot be done. */
  | { kind: "screen_refused"; view: string; reason: string };

/**
 * A message on its way. `base64` has its buffers where the front end carries none; with `binary`
 * the page says that it gets none, and wants all as base64 from now on.
 */
export type Message<Content> = Content & { base64?: string[]; binary?: false };

/** The part of anywidget's model that is used here. */
export interface Model {
  get<Name extends keyof Traits>(name: Name): Traits[Name] | undefined;
  on(event: "msg:custom", callback: MessageCallback): void;
  on(event: `change:${keyof Traits}`, callback: () => void): void;
  off(event: string, callback: MessageCallback | (() => void)): void;
  send(content: Message<ToKernel>, callbacks?: unknown, buffers?: ArrayBufferView[]): void;
  /** The front end's own; what it has beyond the standard is different everywhere. */
  widget_manager?: unknown;
}

export type MessageCallback = (content: Message<ToPage>, buffers: ArrayBufferView[]) => void;

/** What the bundle gives to the bootstrap. */
export interface Bundle {
  /** Show the widget in `root`; the function returned takes it away again. */
  mount(model: Model, root: HTMLElement, style: string): () => void;
}

/** The bytes of a message's buffer, in whatever form the front end hands it over; none where it has none. */
export function bytesOf(buffer: unknown): Uint8Array<ArrayBuffer> {
  if (ArrayBuffer.isView(buffer)) {
    return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
  }
  // It may be of another frame, and then is no instance of this one's class.
  const isArrayBuffer = Object.prototype.toString.call(buffer) === "[object ArrayBuffer]";
  return isArrayBuffer ? new Uint8Array(buffer as ArrayBuffer) : new Uint8Array();
}

/** Send, if there is a kernel to send to: one that is gone must not break the page. */
export function post(model: Model, message: ToKernel, buffers: ArrayBufferView[] = []): void {
  try {
    model.send(message, undefined, buffers);
  } catch (error) {
    console.warn(`vmnb: no kernel took the message "${message.kind}"`, error);
  }
}
