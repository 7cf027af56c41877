/** The small module that each widget carries: a still card, and the live one when a kernel is there. */
import { carried } from "./carrier";
import { throughControl } from "./control";
import { loadBundle } from "./page";
import type { Bundle, Model } from "./protocol";
import { showStill } from "./still";

declare const BUNDLE_DIGEST: string;

/** A live kernel answers sooner; the still card would only flash. */
const STILL_AFTER_MS = 250;

const REFUSED = "The card's code does not run on this page: there are no buttons, and no console.";

function render({ model: direct, el }: { model: Model; el: HTMLElement }): () => void {
  const controller = new AbortController();
  const model = carried(throughControl(direct, controller.signal));
  let leave: () => void = () => undefined;
  const show = (next: () => () => void) => {
    clearTimeout(timer);
    if (controller.signal.aborted) return;
    leave();
    leave = next();
  };
  const timer = setTimeout(() => show(() => showStill(model, el)), STILL_AFTER_MS);

  loadBundle<Bundle>(model, { name: "widget", digest: BUNDLE_DIGEST }, controller.signal)
    .then(({ bundle, style }) => show(() => bundle.mount(model, el, style)))
    .catch((error) => {
      console.error("vmnb: the widget's code could not be loaded", error);
      show(() => showStill(model, el, REFUSED));
    });

  return () => {
    clearTimeout(timer);
    controller.abort();
    leave();
  };
}

export default { render };
