/** The console alone, below a slim header. */
import { ConsolePanel } from "./console";
import { h } from "../parts/dom";
import { Header } from "../card/header";
import type { Card, Model, ToPage } from "../kernel/protocol";

export class ConsoleView {
  readonly element: HTMLElement;
  private readonly header = new Header();
  private readonly console: ConsolePanel;

  constructor(model: Model, card: Card) {
    const number = model.get("console") ?? 0;
    this.console = new ConsolePanel(model, card.name, number, () => undefined);
    this.element = h(
      "section",
      { class: "vmnb vmnb-alone", "aria-label": this.console.label },
      h("header", { class: "vmnb-header" }, this.header.element),
      this.console.element,
    );
    this.update(card);
  }

  update(card: Card): void {
    this.header.update(card, null);
    this.console.update(card);
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    this.console.receive(message, buffers);
  }

  dispose(): void {
    this.console.dispose();
  }
}
