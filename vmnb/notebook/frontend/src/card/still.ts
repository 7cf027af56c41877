/** The card where no kernel answers: all that the notebook saved, readable, and nothing to click. */
import { factsList } from "./details";
import { h } from "../parts/dom";
import { Header } from "./header";
import { historyTable } from "./history";
import type { Card, Model } from "../kernel/protocol";
import { keepDrawn, whyStill } from "../saved";

declare const STILL_CSS: string;

/** Show the still card in `root` and keep it true; see `ShowStill`. */
export function showStill(model: Model, root: HTMLElement, note?: string): () => void {
  return keepDrawn(model, root, ["change:card", "change:history", "change:snapshot"], STILL_CSS, () => still(model, note));
}

function still(model: Model, note: string | undefined): HTMLElement {
  const card = model.get("card");
  if (card === undefined) return h("p", {}, "A virtual machine without a name.");
  const isCard = model.get("layout_kind") !== "console";
  const header = new Header();
  header.update({ ...card, busy: null }, null);
  return h(
    "section",
    { class: "vmnb vmnb-still", "data-saved": model.get("saved_key") ?? null, "aria-label": `Virtual machine ${card.name}, as it was saved` },
    h("header", { class: "vmnb-header" }, header.element, whyStill(model, note)),
    consoleText(model.get("snapshot") ?? ""),
    ...(isCard ? sections(model, card) : []),
  );
}

function consoleText(snapshot: string): HTMLElement | null {
  if (snapshot.trim() === "") return null;
  return h("pre", { class: "vmnb-terminal", tabindex: 0, "aria-label": "Console" }, snapshot);
}

function sections(model: Model, card: Card): HTMLElement[] {
  return [
    section("History", historyTable(model.get("history") ?? []), true),
    section("Details", factsList(card), false),
  ];
}

function section(title: string, content: HTMLElement, open: boolean): HTMLElement {
  const body = h("div", { class: "vmnb-scroll", tabindex: 0 }, content);
  return h("details", { class: "vmnb-section", open }, h("summary", {}, title), body);
}
