/** The console in a card: terminal, its line of hints, and its talk with the kernel. */
import { h, setText } from "./dom";
import { randomId } from "./ids";
import { onReconnect } from "./lab-kernel";
import { type Model, type ToKernel, type ToPage, bytesOf, post } from "./protocol";
import { PATIENCE_MS, silenceText } from "./silence";
import { ConsoleStream } from "./stream";
import { ConsoleTerminal } from "./terminal";
import { watchTheme } from "./theme";
import { Typing } from "./typing";

/** Say hello without a measure when the page gives none in this time (it is not shown yet). */
const MEASURE_MS = 300;
const TOO_MUCH = "Not sent: the kernel has not yet taken what was typed before.";

export class ConsolePanel {
  readonly element: HTMLElement;
  private readonly view = randomId();
  private readonly frame = h("div", {
    class: "vmnb-terminal",
    "data-lm-suppress-shortcuts": "true", // JupyterLab's own keys, such as `dd` and `b`
    "data-jp-suppress-context-menu": "true",
  });
  private readonly status = h("span", { class: "vmnb-console-status", role: "status" });
  private readonly hints = h(
    "span",
    { class: "vmnb-hint", tabindex: -1 },
    h("kbd", {}, "Ctrl"), "+", h("kbd", {}, "Shift"), "+", h("kbd", {}, "Enter"),
    " leaves the console",
  );
  private readonly terminal: ConsoleTerminal;
  private readonly stream: ConsoleStream;
  private readonly typing: Typing;
  private readonly observer = new ResizeObserver(() => this.onLayout());
  private readonly endThemeWatch: () => void;
  private readonly endReconnectWatch: () => void;
  private readonly timers: ReturnType<typeof setTimeout>[] = [];
  private isOpen = false;
  private hasGreeted = false;
  private closedReason = "";
  private inputTrouble = "";

  /** `onContent` is called once, when there is something on the screen. */
  constructor(
    private readonly model: Model,
    private readonly name: string,
    private readonly onContent: () => void,
  ) {
    this.element = h(
      "div",
      { class: "vmnb-console" },
      this.frame,
      h("div", { class: "vmnb-console-foot" }, this.status, this.hints),
    );
    this.terminal = new ConsoleTerminal(this.frame, {
      onInput: (bytes, reply) => this.sendInput(bytes, reply),
      onLeave: () => this.hints.focus(),
    });
    const send = (message: ToKernel, buffers: ArrayBufferView[] = []) => post(model, message, buffers);
    this.typing = new Typing(this.view, send, (isSilent) => this.showTrouble(isSilent ? silenceText(model) : ""));
    this.stream = new ConsoleStream(this.view, this.terminal, send, () => this.typing.unconfirmed);
    // Who has left by the key goes on backwards too, and not into the terminal again.
    this.hints.addEventListener("focus", () => this.terminal.setInTabOrder(false));
    this.hints.addEventListener("blur", () => this.terminal.setInTabOrder(true));
    // Keys in the terminal are the guest's: the notebook would take them for commands.
    for (const type of ["keydown", "keyup", "keypress"]) {
      this.frame.addEventListener(type, (event) => event.stopPropagation());
    }
    this.showSnapshot();
    this.observer.observe(this.frame);
    this.endThemeWatch = watchTheme(() => this.isOpen && this.terminal.applyTheme());
    this.endReconnectWatch = onReconnect(model, () => this.hasGreeted && this.stream.hello());
    this.timers.push(setTimeout(() => this.greet(), MEASURE_MS));
  }

  focus(): void {
    this.terminal.focus();
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    if ("view" in message && message.view !== undefined && message.view !== this.view) return;
    if (message.kind === "restore") {
      const bytes = bytesOf(buffers[0]);
      this.stream.restore(message, bytes);
      this.showStatus();
      if (bytes.length > 0 || message.seq > 0) this.onContent();
    } else if (message.kind === "output") {
      this.stream.output(message.seq, bytesOf(buffers[0]));
      this.onContent();
    } else if (message.kind === "typed") {
      this.typing.confirm(message);
    } else if (message.kind === "dropped") {
      this.stream.dropped();
    } else if (message.kind === "closed" || message.kind === "open") {
      this.closedReason = message.kind === "closed" ? message.reason : "";
      this.showStatus();
    } else if (message.kind === "relinked" && this.hasGreeted) {
      this.stream.hello();
    }
  }

  dispose(): void {
    this.timers.forEach(clearTimeout);
    this.observer.disconnect();
    this.endThemeWatch();
    this.endReconnectWatch();
    this.typing.dispose();
    this.stream.close();
    this.terminal.dispose();
  }

  private onLayout(): void {
    if (this.isOpen || this.frame.clientWidth === 0) return;
    this.isOpen = true;
    this.terminal.open(`Console of ${this.name}`);
    this.greet();
  }

  private greet(): void {
    if (this.hasGreeted) return;
    this.hasGreeted = true;
    this.stream.hello();
    this.timers.push(setTimeout(() => this.showStatus(), PATIENCE_MS));
  }

  private showSnapshot(): void {
    const snapshot = this.model.get("snapshot") ?? "";
    if (snapshot === "") return;
    this.terminal.preview(snapshot);
    this.onContent();
  }

  private showTrouble(trouble: string): void {
    this.inputTrouble = trouble;
    this.showStatus();
  }

  private showStatus(): void {
    const waits = this.hasGreeted && !this.stream.isRestored ? silenceText(this.model) : "";
    setText(this.status, this.closedReason || this.inputTrouble || waits);
  }

  private sendInput(bytes: Uint8Array, reply: boolean): void {
    if (!this.typing.type(bytes, reply)) this.showTrouble(TOO_MUCH);
  }
}
