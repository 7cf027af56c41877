/** Everything else there is to know about the machine. */
import { h } from "./dom";
import type { Card } from "./protocol";

export function factsList(card: Card): HTMLElement {
  const pairs = card.facts.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, value)]);
  return h("dl", { class: "vmnb-details" }, ...pairs);
}
