/** The table of a fleet where no kernel answers: as the notebook saved it. */
import { h } from "../parts/dom";
import { FleetTable } from "./table";
import type { Model } from "../kernel/protocol";
import { keepDrawn, whyStill } from "../saved";

declare const FLEET_STILL_CSS: string;

/** Show the still table in `root` and keep it true; see `ShowStill`. */
export function showStillFleet(model: Model, root: HTMLElement, note?: string): () => void {
  return keepDrawn(model, root, ["change:fleet"], FLEET_STILL_CSS, () => still(model, note));
}

function still(model: Model, note: string | undefined): HTMLElement {
  const fleet = model.get("fleet");
  if (fleet === undefined) return h("p", {}, "A fleet without machines.");
  const table = new FleetTable();
  table.update(fleet, null);
  return h(
    "section",
    { class: "vmnb vmnb-fleet", "aria-label": `Fleet of ${fleet.rows.length} virtual machines, as it was saved` },
    h("header", { class: "vmnb-header" }, table.title, whyStill(model, note)),
    table.element,
  );
}
