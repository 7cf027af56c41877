/** Everything else there is to know about the machine. */
import { h } from "../parts/dom";
import type { Panel } from "./panel";
import type { Card } from "../kernel/protocol";

export class DetailsTab implements Panel {
  readonly title = "Details";
  readonly element = h("div", { class: "vmnb-scroll", tabindex: 0 });

  update(card: Card): void {
    this.element.replaceChildren(factsList(card));
  }
}

export function factsList(card: Card): HTMLElement {
  const pairs = card.facts.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]);
  return h("dl", { class: "vmnb-details" }, ...pairs);
}
