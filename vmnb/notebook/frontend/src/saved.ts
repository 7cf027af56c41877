/** What everything still has in common: it follows the traits, and says why it is still. */
import { h } from "./parts/dom";
import { isRunning } from "./kernel/lab-kernel";
import type { Model, Traits } from "./kernel/protocol";
import { silenceText } from "./kernel/silence";

const SAVED = "As it was saved. Run the cell to work with it.";

/** Draw in `root`, now and at each of these events; the function returned takes it away. */
export function keepDrawn(
  model: Model,
  root: HTMLElement,
  events: `change:${keyof Traits}`[],
  style: string,
  content: () => HTMLElement,
): () => void {
  const draw = () => root.replaceChildren(h("style", {}, style), content());
  for (const event of events) model.on(event, draw);
  draw();
  return () => {
    for (const event of events) model.off(event, draw);
    root.replaceChildren();
  };
}

/** A sentence about why there is nothing to click; `note` in its place where there is one. */
export function whyStill(model: Model, note: string | undefined): HTMLElement {
  return h("p", { class: "vmnb-saved" }, note ?? (isRunning(model) ? silenceText(model) : SAVED));
}
