/** The top of a card: name, badge, facts. The still card and the live one share it. */
import { h, setText } from "./dom";
import type { Card } from "./protocol";
import { badgeOf, factWords, wholeDuration } from "./words";

export class Header {
  readonly element: HTMLElement;
  private readonly name = h("strong", { class: "vmnb-name" });
  private readonly word = h("span");
  private readonly badge = h("span", { class: "vmnb-badge" }, h("i", { "aria-hidden": "true" }), this.word);
  private readonly facts = h("span", { class: "vmnb-facts" });

  constructor() {
    const title = h("div", { class: "vmnb-title" }, this.name, this.badge);
    this.element = h("div", { class: "vmnb-identity" }, title, this.facts);
  }

  /** With `nowMs` the uptime is shown as of then; without, it is not shown. */
  update(card: Card, nowMs: number | null): void {
    const { word, tone } = badgeOf(card);
    setText(this.name, card.name);
    this.name.title = card.name;
    setText(this.word, word);
    this.badge.dataset.tone = tone;
    const words = factWords(card);
    if (nowMs !== null && card.uptime_since) {
      const up_s = (nowMs - Date.parse(card.uptime_since)) / 1000;
      words.push(`up ${wholeDuration(up_s)}`);
    }
    if (words.join() === this.facts.dataset.words) return;
    this.facts.dataset.words = words.join();
    this.facts.replaceChildren(...words.map((fact) => h("span", {}, fact)));
    this.facts.title = card.accelerator_note;
  }
}
