/** The small module that each widget carries: a still card, and the live one when a kernel is there. */
import { throughControl } from "./control";
import { loadBundle } from "./page";
import type { Bundle, Model } from "./protocol";
import { showStill } from "./still";

declare const BUNDLE_DIGEST: string;

/** A live kernel answers sooner; the still card would only flash. */
const STILL_AFTER_MS = 250;

function render({ model: direct, el }: { model: Model; el: HTMLElement }): () => void {
  const controller = new AbortController();
  const model = throughControl(direct, controller.signal);
  let leave: () => void = () => undefined;
  const timer = setTimeout(() => {
    leave = showStill(model, el);
  }, STILL_AFTER_MS);

  loadBundle<Bundle>(model, { name: "widget", digest: BUNDLE_DIGEST }, controller.signal)
    .then(({ bundle, style }) => {
      if (controller.signal.aborted) return;
      clearTimeout(timer);
      leave();
      leave = bundle.mount(model, el, style);
    })
    .catch((error) => console.error("vmnb: the widget's code could not be loaded", error));

  return () => {
    controller.abort();
    clearTimeout(timer);
    leave();
  };
}

export default { render };
