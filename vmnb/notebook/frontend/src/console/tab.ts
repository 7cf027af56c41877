/** The tab Console of a card: its consoles, of which one is shown; empty until there is something. */
import { ConsolePanel } from "./console";
import { h, hasFocus, setAttributes } from "../parts/dom";
import type { Panel } from "../card/panel";
import type { Card, Model, ToPage } from "../kernel/protocol";

const NOT_YET_RUN = ["preparing", "prepared"];

export class ConsoleTab implements Panel {
  readonly title = "Console";
  readonly element = h("div", { class: "vmnb-console-tab vmnb-blank" });
  private readonly choice = h("div", { class: "vmnb-choice", role: "group", "aria-label": "Serial port" });
  private readonly consoles = new Map<number, ConsolePanel>();
  private card: Card | undefined;
  private shown = 0;

  constructor(
    private readonly model: Model,
    private readonly name: string,
  ) {
    const empty = h("p", { class: "vmnb-empty" }, "The console opens here when the machine starts.");
    this.element.append(empty);
    this.choose(0);
  }

  update(card: Card): void {
    this.card = card;
    this.offer(card.consoles?.length ?? 1);
    for (const console of this.consoles.values()) console.update(card);
    if (card.busy || !NOT_YET_RUN.includes(card.state)) this.open();
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    for (const console of this.consoles.values()) console.receive(message, buffers);
  }

  dispose(): void {
    for (const console of this.consoles.values()) console.dispose();
  }

  private open(): void {
    this.element.classList.remove("vmnb-blank");
  }

  /** Give a button for each console, where there is a choice. */
  private offer(count: number): void {
    if (this.choice.childElementCount === count) return;
    const buttons = Array.from({ length: count }, (_, number) => {
      const button = h("button", { type: "button", class: "vmnb-chosen" }, `Serial ${number + 1}`);
      button.addEventListener("click", () => this.choose(number));
      return button;
    });
    this.choice.replaceChildren(...buttons);
    this.choice.hidden = count < 2;
    this.choose(Math.min(this.shown, Math.max(count - 1, 0)));
  }

  private choose(number: number): void {
    this.shown = number;
    const hadFocus = hasFocus(this.choice);
    const chosen = this.consoles.get(number) ?? this.make(number);
    for (const console of this.consoles.values()) console.element.hidden = console !== chosen;
    chosen.foot.prepend(this.choice);
    [...this.choice.children].forEach((button, index) => {
      setAttributes(button, { "aria-pressed": String(index === number) });
      if (hadFocus && index === number) (button as HTMLElement).focus();
    });
  }

  private make(number: number): ConsolePanel {
    const console = new ConsolePanel(this.model, this.name, number, () => this.open());
    this.consoles.set(number, console);
    this.element.append(console.element);
    if (this.card) console.update(this.card);
    return console;
  }
}
