/** A state as a coloured dot and its word. */
import { h, setText } from "./dom";
import { type Stated, badgeOf } from "./words";

export class Badge {
  private readonly word = h("span");
  readonly element = h("span", { class: "vmnb-badge" }, h("i", { "aria-hidden": "true" }), this.word);

  update(stated: Stated): void {
    const { word, tone } = badgeOf(stated);
    setText(this.word, word);
    this.element.dataset.tone = tone;
  }
}
