/** A state as a coloured dot and its word. */
import { h, setText } from "../parts/dom";
import { type Stated, badgeOf } from "../parts/words";

export function badge(): HTMLElement {
  return h("span", { class: "vmnb-badge" }, h("i", { "aria-hidden": "true" }), h("span"));
}

/** Let a badge say how a machine is. */
export function setBadge(element: HTMLElement, stated: Stated): void {
  const { word, tone } = badgeOf(stated);
  setText(element.lastElementChild as Element, word);
  element.dataset.tone = tone;
}
