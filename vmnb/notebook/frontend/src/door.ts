/** How each widget enters the page: something still, and what is live when a kernel is there. */
import { carried } from "./kernel/carrier";
import { throughControl } from "./kernel/control";
import { loadBundle } from "./page";
import type { Bundle, Model } from "./kernel/protocol";

declare const BUNDLE_DIGEST: string;

/** Shows what the notebook saved, perhaps with a note why it is still; the function returned takes it away. */
export type ShowStill = (model: Model, root: HTMLElement, note?: string) => () => void;

interface Widget {
  render(context: { model: Model; el: HTMLElement }): () => void;
}

/** A live kernel answers sooner; what is still would only flash. */
const STILL_AFTER_MS = 250;

const REFUSED = "The widget's code does not run on this page: there is nothing to click.";

/** The widget as anywidget takes it, with `showStill` for where no kernel answers. */
export const doorOf = (showStill: ShowStill): Widget => ({
  render({ model: direct, el }) {
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
  },
});
