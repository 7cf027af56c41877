/** The bundle's door: shows the live widget in an element. */
import { CardView } from "./card/card";
import { ConsoleView } from "./console/view";
import { h } from "./parts/dom";
import { FleetView } from "./fleet/fleet";
import { keepSaved } from "./kernel/keep";
import { Link } from "./kernel/link";
import type { Bundle, Card, MessageCallback, Model, ToPage } from "./kernel/protocol";

/** What stands in a cell: a machine's card, its console alone, or a table of several machines. */
interface View {
  readonly element: HTMLElement;
  update?(card: Card): void;
  receive(message: ToPage, buffers: ArrayBufferView[]): void;
  dispose(): void;
}

export const mount: Bundle["mount"] = (model, root, style) => {
  const link = new Link(model);
  const view = viewOf(link);

  const onMessage: MessageCallback = (message, buffers) => {
    if (message.kind === "saved") keepSaved(model, message.output);
    else view.receive(message, buffers);
  };
  const onCard = () => {
    const card = model.get("card");
    if (card !== undefined) view.update?.(card);
  };
  link.on("msg:custom", onMessage);
  model.on("change:card", onCard);

  view.element.dataset.saved = model.get("saved_key") ?? "";
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

function viewOf(model: Model): View {
  const fleet = model.get("fleet");
  if (fleet !== undefined) return new FleetView(model, fleet);
  const card = model.get("card");
  if (card === undefined) throw new Error("vmnb: the widget has neither trait `card` nor `fleet`");
  return model.get("layout_kind") === "console" ? new ConsoleView(model, card) : new CardView(model, card);
}
