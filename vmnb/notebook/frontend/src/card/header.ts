/** The top of a card: name, badge, facts. The still card and the live one share it. */
import { badge, setBadge } from "./badge";
import { h, setText } from "../parts/dom";
import type { Card } from "../kernel/protocol";
import { factWords, uptimeText } from "../parts/words";

export class Header {
  readonly element: HTMLElement;
  private readonly name = h("strong", { class: "vmnb-name" });
  private readonly badge = badge();
  private readonly facts = h("span", { class: "vmnb-facts" });

  constructor() {
    const title = h("div", { class: "vmnb-title" }, this.name, this.badge);
    this.element = h("div", { class: "vmnb-identity" }, title, this.facts);
  }

  /** With `nowMs` the uptime is shown as of then; without, it is not shown. */
  update(card: Card, nowMs: number | null): void {
    setText(this.name, card.name);
    this.name.title = card.name;
    setBadge(this.badge, card);
    const words = factWords(card);
    if (nowMs !== null && card.uptime_since) words.push(uptimeText(card.uptime_since, nowMs));
    if (words.join() === this.facts.dataset.words) return;
    this.facts.dataset.words = words.join();
    this.facts.replaceChildren(...words.map((fact) => h("span", {}, fact)));
    this.facts.title = card.accelerator_note;
  }
}
