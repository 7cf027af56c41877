/** The tab Console of a card: empty until there is something to see. */
import { ConsolePanel } from "./console";
import { h } from "./dom";
import type { Panel } from "./panel";
import type { Card, Model, ToPage } from "./protocol";

const NOT_YET_RUN = ["preparing", "prepared"];

export class ConsoleTab implements Panel {
  readonly title = "Console";
  readonly element = h("div", { class: "vmnb-console-tab vmnb-blank" });
  private readonly console: ConsolePanel;

  constructor(model: Model, name: string) {
    this.console = new ConsolePanel(model, name, () => this.open());
    const empty = h("p", { class: "vmnb-empty" }, "The console opens here when the machine starts.");
    this.element.append(this.console.element, empty);
  }

  update(card: Card): void {
    if (card.busy || !NOT_YET_RUN.includes(card.state)) this.open();
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    this.console.receive(message, buffers);
  }

  dispose(): void {
    this.console.dispose();
  }

  private open(): void {
    this.element.classList.remove("vmnb-blank");
  }
}
