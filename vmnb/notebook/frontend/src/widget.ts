/** The bundle's door: shows the live widget in an element. */
import { CardView } from "./card";
import { ConsoleView } from "./console-view";
import { h } from "./dom";
import { keepSaved } from "./keep";
import { Link } from "./link";
import type { Bundle, MessageCallback } from "./protocol";

export const mount: Bundle["mount"] = (model, root, style) => {
  const card = model.get("card");
  if (card === undefined) throw new Error("vmnb: the widget has no trait `card`");
  const isCard = model.get("layout_kind") !== "console";
  const link = new Link(model);
  const view = isCard ? new CardView(link, card) : new ConsoleView(link, card);

  const onMessage: MessageCallback = (message, buffers) => {
    if (message.kind === "saved") keepSaved(model, message.output);
    else view.receive(message, buffers);
  };
  const onCard = () => view.update(model.get("card") ?? card);
  link.on("msg:custom", onMessage);
  model.on("change:card", onCard);

  view.element.dataset.saved = model.get("saved_key");
  // In the element itself, so that it also holds in a shadow root.
  root.replaceChildren(h("style", {}, style), view.element);
  return () => {
    link.off("msg:custom", onMessage);
    model.off("change:card", onCard);
    view.dispose();
    link.close();
    root.replaceChildren();
  };
};
