/** The card where no kernel answers: all that the notebook saved, readable, and nothing to click. */
import { factsList } from "./details";
import { h } from "./dom";
import { FleetTable } from "./fleet-table";
import { Header } from "./header";
import { historyTable } from "./history";
import { isRunning } from "./lab-kernel";
import type { Card, Fleet, Model } from "./protocol";
import { silenceText } from "./silence";

declare const STILL_CSS: string;

const SAVED = "As it was saved. Run the cell to work with it.";

/** Show the still card in `root` and keep it true, perhaps with a note why it is still; the function returned takes it away. */
export function showStill(model: Model, root: HTMLElement, note?: string): () => void {
  const draw = () => root.replaceChildren(h("style", {}, STILL_CSS), still(model, note));
  const events = ["change:card", "change:history", "change:snapshot", "change:fleet"] as const;
  for (const event of events) model.on(event, draw);
  draw();
  return () => {
    for (const event of events) model.off(event, draw);
    root.replaceChildren();
  };
}

function still(model: Model, note: string | undefined): HTMLElement {
  const why = h("p", { class: "vmnb-saved" }, note ?? (isRunning(model) ? silenceText(model) : SAVED));
  const [fleet, card] = [model.get("fleet"), model.get("card")];
  if (fleet !== undefined) return stillFleet(fleet, why);
  return card === undefined ? h("p", {}, "A virtual machine without a name.") : stillCard(model, card, why);
}

function stillFleet(fleet: Fleet, why: HTMLElement): HTMLElement {
  const table = new FleetTable();
  table.update(fleet, null);
  return h(
    "section",
    { class: "vmnb vmnb-fleet", "aria-label": `Fleet of ${fleet.rows.length} virtual machines, as it was saved` },
    h("header", { class: "vmnb-header" }, table.title, why),
    table.element,
  );
}

function stillCard(model: Model, card: Card, why: HTMLElement): HTMLElement {
  const isCard = model.get("layout_kind") !== "console";
  const header = new Header();
  header.update({ ...card, busy: null }, null);
  return h(
    "section",
    { class: "vmnb vmnb-still", "data-saved": model.get("saved_key") ?? null, "aria-label": `Virtual machine ${card.name}, as it was saved` },
    h("header", { class: "vmnb-header" }, header.element, why),
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
