/** The tab Screen of a card: live where that is possible, else still pictures, else why there is none. */
import { h, setText } from "../parts/dom";
import { randomId } from "../parts/ids";
import { LookedAt } from "../parts/looked-at";
import type { Panel } from "../card/panel";
import { type Card, type Model, type ScreenToKernel, type ScreenToPage, type ToPage, post } from "../kernel/protocol";
import { ScreenFoot } from "./foot";
import { LiveView } from "./live";
import { StillView } from "./still";
import type { ScreenView } from "./view";

/** Until a live view that ended is tried again. */
const AGAIN_MS = 2000;
/** A kernel that says nothing for so long is busy or gone. */
const PATIENCE_MS = 3000;
const SILENCE = "Waiting for the kernel: it is busy, or gone.";

export class ScreenTab implements Panel {
  readonly title = "Screen";
  readonly element: HTMLElement;
  private readonly frame = h("div", {
    class: "vmnb-screen-frame",
    "data-lm-suppress-shortcuts": "true", // JupyterLab's own keys, such as `dd` and `b`
    "data-jp-suppress-context-menu": "true",
  });
  private readonly empty = h("p", { class: "vmnb-empty" });
  private readonly foot: ScreenFoot;
  private readonly lookedAt: LookedAt;
  private readonly view = randomId();
  private readonly label: string;
  private current: ScreenView | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isLive = true;
  private whyNotLive = "";
  private isChosen = false;
  private hasScreen = false;

  constructor(
    private readonly model: Model,
    name: string,
  ) {
    this.label = `Screen of ${name}`;
    this.foot = new ScreenFoot({
      onKeys: (combination) => this.ask({ kind: "screen_keys", view: this.view, keys: [combination] }),
      onText: (text) => this.ask({ kind: "screen_type", view: this.view, text }),
      onLive: (isLive) => this.choose(isLive, ""),
    });
    this.foot.showLive(this.isLive);
    this.element = h("div", { class: "vmnb-screen" }, this.empty, this.frame, this.foot.form, this.foot.element);
    this.lookedAt = new LookedAt(this.element, () => this.arrange());
    this.frame.addEventListener("keydown", (event) => this.leaveByKey(event), { capture: true });
    // Keys on the screen are the guest's: the notebook would take them for commands.
    for (const type of ["keydown", "keyup", "keypress"]) {
      this.frame.addEventListener(type, (event) => event.stopPropagation());
    }
  }

  update(card: Card): void {
    this.hasScreen = card.no_screen === "";
    setText(this.empty, card.no_screen);
    this.element.classList.toggle("vmnb-dark", !this.hasScreen);
    this.arrange();
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    if (message.kind === "relinked") this.restart();
    if (!message.kind.startsWith("screen_")) return;
    const said = message as ScreenToPage;
    if (said.kind === "screen_refused" && said.view === this.view) this.foot.say(said.reason);
    this.current?.receive(said, buffers);
  }

  show(isShown: boolean): void {
    this.isChosen = isShown;
    this.arrange();
  }

  dispose(): void {
    this.lookedAt.dispose();
    this.stop();
  }

  private ask(message: ScreenToKernel): void {
    this.foot.say("");
    post(this.model, message);
  }

  /** `why` it is not live, where that is nobody's choice. */
  private choose(isLive: boolean, why: string): void {
    this.isLive = isLive;
    this.whyNotLive = why;
    this.foot.showLive(isLive);
    this.foot.say(why);
    this.restart();
  }

  private restart(): void {
    this.stop();
    this.arrange();
  }

  /** Begin or end, by what is so now. */
  private arrange(): void {
    const isWanted = this.hasScreen && this.isChosen && this.lookedAt.isLookedAt;
    if (!isWanted) this.stop();
    else if (this.current === undefined && this.timer === undefined) this.begin();
  }

  private begin(): void {
    let isShown = false;
    const events = {
      onShown: () => {
        if (isShown) return;
        isShown = true;
        clearTimeout(this.timer);
        this.foot.say(this.whyNotLive);
      },
      onEnd: (reason: string) => this.onEnd(reason, isShown),
    };
    this.timer = setTimeout(() => this.foot.say(SILENCE), PATIENCE_MS);
    this.current = this.isLive
      ? new LiveView(this.model, this.frame, this.label, events)
      : new StillView(this.model, this.frame, this.label, this.view, events);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.current?.close();
    this.current = undefined;
  }

  /** A live view that was there is tried again; one that never was is not possible here. */
  private onEnd(reason: string, wasShown: boolean): void {
    if (!wasShown) {
      this.choose(false, reason);
      return;
    }
    this.stop();
    this.foot.say(reason);
    this.timer = setTimeout(() => this.again(), AGAIN_MS);
  }

  private again(): void {
    this.timer = undefined;
    this.arrange();
  }

  private leaveByKey(event: KeyboardEvent): void {
    if (event.key !== "Enter" || !event.ctrlKey || !event.shiftKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.foot.focus();
  }
}
