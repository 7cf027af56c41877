/** The console alone, below a slim header. */
import { ConsolePanel } from "./console";
import { h } from "./dom";
import { Header } from "./header";
import type { Card, Model, ToPage } from "./protocol";

export class ConsoleView {
  readonly element: HTMLElement;
  private readonly header = new Header();
  private readonly console: ConsolePanel;

  constructor(model: Model, card: Card) {
    this.console = new ConsolePanel(model, card.name, () => undefined);
    this.element = h(
      "section",
      { class: "vmnb vmnb-alone", "aria-label": `Console of ${card.name}` },
      h("header", { class: "vmnb-header" }, this.header.element),
      this.console.element,
    );
    this.update(card);
  }

  update(card: Card): void {
    this.header.update(card, null);
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    this.console.receive(message, buffers);
  }

  dispose(): void {
    this.console.dispose();
  }
}
