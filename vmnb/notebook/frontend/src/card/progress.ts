/** How far a lengthy action has come, counted on the page from what earlier ones took. */
import { h, setAttributes, setText } from "../parts/dom";
import type { Busy } from "../kernel/protocol";
import { busyFraction, busyText } from "../parts/words";

export class Progress {
  readonly element: HTMLElement;
  private readonly fill = h("span", { class: "vmnb-fill" });
  private readonly bar = h("div", { class: "vmnb-bar", role: "progressbar" }, this.fill);
  private readonly text = h("span", { class: "vmnb-busy" });

  constructor() {
    this.element = h("div", { class: "vmnb-progress", hidden: true }, this.bar, this.text);
  }

  update(busy: Busy | null, nowMs: number): void {
    this.element.hidden = busy === null;
    if (busy === null) return;
    const text = busyText(busy, nowMs);
    const fraction = busyFraction(busy, nowMs);
    const percent = fraction === null ? null : Math.round(fraction * 100);
    setText(this.text, text);
    setAttributes(this.bar, { "aria-label": busy.text, "aria-valuenow": percent, "aria-valuetext": text });
    this.bar.classList.toggle("vmnb-endless", fraction === null);
    this.fill.style.width = percent === null ? "" : `${percent}%`;
  }
}
