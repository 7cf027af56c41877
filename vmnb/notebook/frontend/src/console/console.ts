/** One console on a page: terminal, search, the line below with its tools, and its talk with the kernel. */
import { h, hasFocus, setText } from "../parts/dom";
import { randomId } from "../parts/ids";
import { onReconnect } from "../kernel/lab-kernel";
import { preferences } from "./preferences";
import { type Card, type ConsoleState, type Model, type ToPage, bytesOf, post } from "../kernel/protocol";
import { PATIENCE_MS, silenceText } from "../kernel/silence";
import { type Size, SizeWish } from "./size";
import { ConsoleStream, type StreamWord } from "./stream";
import { ConsoleTerminal } from "./terminal";
import { watchTheme } from "./theme";
import { Toolbar } from "../parts/toolbar";
import { type TypedWord, Typing } from "./typing";

/** Say hello without a measure when the page gives none in this time (it is not shown yet). */
const MEASURE_MS = 300;
const TOO_MUCH = "Not sent: the kernel has not yet taken what was typed before.";

/** What a view says, without who says it. */
type Word =
  | StreamWord
  | TypedWord
  | { kind: "take_over" }
  | ({ kind: "size"; by_hand: boolean; typed: boolean } & Size);

const GUEST_STATE: ConsoleState = { read_only: false, sizes_itself: false };

export class ConsolePanel {
  readonly element: HTMLElement;
  readonly label: string;
  readonly foot: HTMLElement;
  private readonly view = randomId();
  private readonly frame = h("div", { class: "vmnb-terminal" });
  private readonly status = h("span", { class: "vmnb-console-status", role: "status" });
  private readonly offer = h("button", { type: "button", class: "vmnb-offer", hidden: true });
  private readonly takeOver = h(
    "button",
    { type: "button", class: "vmnb-offer", hidden: true, title: "Type here; it is read only there from then on" },
    "Take over",
  );
  private readonly hints = h(
    "span",
    { class: "vmnb-hint", tabindex: -1 },
    h("kbd", {}, "Ctrl"), "+", h("kbd", {}, "Shift"), "+", h("kbd", {}, "Enter"),
    " leaves the console",
  );
  private readonly terminal: ConsoleTerminal;
  private readonly stream: ConsoleStream;
  private readonly typing: Typing;
  private readonly wish: SizeWish;
  private readonly tools: Toolbar;
  private readonly observer = new ResizeObserver(() => this.onLayout());
  private readonly endThemeWatch: () => void;
  private readonly endPreferences: () => void;
  private readonly endReconnectWatch: () => void;
  private readonly timers: ReturnType<typeof setTimeout>[] = [];
  private state = GUEST_STATE;
  private isRunning = false;
  private isOpen = false;
  private hasGreeted = false;
  private hasContent = false;
  private isLocked = false;
  private isElsewhere = false;
  private closedReason = "";
  private inputTrouble = "";

  /** `onContent` is called when there is something on the screen. */
  constructor(
    private readonly model: Model,
    name: string,
    private readonly number: number,
    private readonly onContent: () => void,
  ) {
    this.label = number === 0 ? `Console of ${name}` : `Console ${number + 1} of ${name}`;
    this.terminal = new ConsoleTerminal(this.frame, {
      onInput: (bytes, reply) => this.sendInput(bytes, reply),
      onLeave: () => this.hints.focus(),
      onSize: () => this.showOffer(),
    });
    this.typing = new Typing(
      (word, buffers) => this.say(word, buffers),
      (isSilent) => this.showTrouble(isSilent ? silenceText(model) : ""),
    );
    this.stream = new ConsoleStream(this.terminal, (word) => this.say(word), () => this.typing.unconfirmed);
    this.wish = new SizeWish(this.terminal, (size, isByHand) => this.sendSize(size, isByHand, false));
    this.tools = this.toolbar();
    this.foot = h("div", { class: "vmnb-console-foot" }, this.status, this.takeOver, this.offer, this.tools.element, this.hints);
    this.element = this.laidOut();
    // Who has left by the key goes on backwards too, and not into the terminal again.
    this.hints.addEventListener("focus", () => this.terminal.setInTabOrder(false));
    this.element.addEventListener("focusout", ({ relatedTarget }) => {
      if (!this.element.contains(relatedTarget as Node | null)) this.terminal.setInTabOrder(true);
    });
    this.offer.addEventListener("click", () => this.takeOffer());
    this.takeOver.addEventListener("click", () => this.say({ kind: "take_over" }));
    this.showSnapshot();
    this.observer.observe(this.frame);
    this.endThemeWatch = watchTheme(() => this.isOpen && this.terminal.applyTheme());
    this.endPreferences = preferences.subscribe(() => this.tools.update());
    this.endReconnectWatch = onReconnect(model, () => this.hasGreeted && this.stream.hello());
    this.timers.push(setTimeout(() => this.greet(), MEASURE_MS));
  }

  focus(): void {
    this.terminal.focus();
  }

  update(card: Card): void {
    this.state = card.consoles?.[this.number] ?? GUEST_STATE;
    this.isRunning = card.state === "running" && card.busy === null;
    this.showLock();
    this.showOffer();
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    if ("view" in message && message.view !== undefined && message.view !== this.view) return;
    if (message.kind === "restore") {
      const bytes = bytesOf(buffers[0]);
      this.stream.restore(message, bytes);
      if (message.seq > 0) this.noteContent();
      this.showStatus();
    } else if (message.kind === "output") {
      this.stream.output(message.seq, bytesOf(buffers[0]));
      this.noteContent();
    } else if (message.kind === "typed") {
      this.typing.confirm(message);
    } else if (message.kind === "dropped") {
      this.stream.dropped();
    } else if (message.kind === "closed" || message.kind === "open") {
      this.closedReason = message.kind === "closed" ? message.reason : "";
      this.showElsewhere(message.kind === "open" && message.elsewhere);
    } else if (message.kind === "not_taken") {
      this.showTrouble(message.reason);
    } else if (message.kind === "relinked" && this.hasGreeted) {
      this.stream.hello();
    }
  }

  dispose(): void {
    this.timers.forEach(clearTimeout);
    this.observer.disconnect();
    this.endThemeWatch();
    this.endPreferences();
    this.endReconnectWatch();
    this.typing.dispose();
    this.wish.dispose();
    this.stream.close();
    this.terminal.dispose();
  }

  private laidOut(): HTMLElement {
    const screen = h(
      "div",
      {
        class: "vmnb-console-screen",
        "data-lm-suppress-shortcuts": "true", // JupyterLab's own keys, such as `dd` and `b`
        "data-jp-suppress-context-menu": "true",
      },
      this.terminal.search.element,
      this.frame,
    );
    // Keys in the terminal are the guest's: the notebook would take them for commands.
    for (const type of ["keydown", "keyup", "keypress"]) {
      screen.addEventListener(type, (event) => event.stopPropagation());
    }
    return h("div", { class: "vmnb-console" }, screen, this.wish.grip, this.terminal.link.element, this.foot);
  }

  private toolbar(): Toolbar {
    return new Toolbar(`Tools of the console`, [
      { label: "Find", face: "find", keys: "Ctrl+Shift+F", act: () => this.terminal.find() },
      { label: "Smaller text", face: { text: "A−" }, keys: "Ctrl+Shift+−", act: () => this.terminal.zoom(-1) },
      { label: "Larger text", face: { text: "A+" }, keys: "Ctrl+Shift++", act: () => this.terminal.zoom(1) },
      { label: "Read only", face: "lock", act: () => this.toggleLock(), isOn: () => this.terminal.isReadOnly },
      {
        label: "Screen reader",
        face: "speech",
        act: () => preferences.change({ reader: !preferences.now.reader }),
        isOn: () => preferences.now.reader,
      },
    ]);
  }

  private onLayout(): void {
    if (this.frame.clientWidth === 0) return;
    if (!this.isOpen) {
      this.isOpen = true;
      this.terminal.open(this.label);
      this.greet();
    }
    this.wish.consider();
  }

  private greet(): void {
    if (this.hasGreeted) return;
    this.hasGreeted = true;
    this.stream.hello();
    this.timers.push(setTimeout(() => this.showStatus(), PATIENCE_MS));
  }

  private noteContent(): void {
    if (this.hasContent) return;
    this.hasContent = true;
    this.showStatus();
    this.onContent();
  }

  private showSnapshot(): void {
    const snapshot = this.model.get("snapshot") ?? "";
    if (snapshot === "" || this.number !== (this.model.get("console") ?? 0)) return;
    this.terminal.preview(snapshot);
    this.onContent();
  }

  private showTrouble(trouble: string): void {
    this.inputTrouble = trouble;
    this.showStatus();
  }

  private showStatus(): void {
    let text = this.closedReason || this.inputTrouble;
    if (!this.stream.isRestored) text ||= this.hasGreeted ? silenceText(this.model) : "";
    else if (!this.hasContent) text ||= "Nothing has been said on it yet.";
    else if (this.isElsewhere) text ||= "Read only: typed on by another kernel or terminal.";
    else if (this.terminal.isReadOnly) text ||= "Read only: keys are not sent.";
    setText(this.status, text);
  }

  private showElsewhere(isElsewhere: boolean): void {
    if (this.isElsewhere && !isElsewhere) {
      this.inputTrouble = "";
      if (hasFocus(this.takeOver)) this.terminal.focus();
    }
    this.isElsewhere = isElsewhere;
    this.takeOver.hidden = !isElsewhere;
    this.showLock();
    this.showStatus();
  }

  private toggleLock(): void {
    this.isLocked = !this.isLocked;
    this.showLock();
  }

  private showLock(): void {
    this.terminal.isReadOnly = this.isLocked || this.state.read_only || this.isElsewhere;
    this.tools.update();
    if (this.stream.isRestored) this.showStatus();
  }

  /** A guest without an agent is told its size only if a person wants that to be typed. */
  private showOffer(): void {
    const { size } = this.wish;
    const now = this.terminal.size;
    const isOther = size !== null && (size.cols !== now.cols || size.rows !== now.rows);
    this.offer.hidden = !isOther || !this.isRunning || this.state.sizes_itself || this.terminal.isReadOnly;
    if (!isOther || size === null) return;
    setText(this.offer, `Fit to ${size.cols} × ${size.rows}`);
    this.offer.title = `Types "stty rows ${size.rows} cols ${size.cols}": a shell must be waiting for a command`;
  }

  private takeOffer(): void {
    if (this.wish.size === null) return;
    this.sendSize(this.wish.size, true, true);
    this.terminal.focus();
  }

  private sendSize(size: Size, isByHand: boolean, isTyped: boolean): void {
    this.showOffer();
    this.say({ kind: "size", ...size, by_hand: isByHand, typed: isTyped });
  }

  private sendInput(bytes: Uint8Array, reply: boolean): void {
    if (!this.typing.type(bytes, reply)) this.showTrouble(TOO_MUCH);
  }

  private say(word: Word, buffers: ArrayBufferView[] = []): void {
    post(this.model, { ...word, console: this.number, view: this.view }, buffers);
  }
}
