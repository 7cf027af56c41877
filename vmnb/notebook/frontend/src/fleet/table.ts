/** The machines of a fleet, a row each. The still table and the live one share it. */
import { badge, setBadge } from "../card/badge";
import { h, setText } from "../parts/dom";
import type { Fleet, FleetRow } from "../kernel/protocol";
import { busyText, countWords, uptimeText } from "../parts/words";

const COLUMNS = ["VM", "State", "Address", "Now"];

export class FleetTable {
  readonly element: HTMLElement;
  private readonly name = h("strong", { class: "vmnb-name" });
  /** How many are in each state; told to whoever does not see it, too. */
  private readonly summary = h("span", { class: "vmnb-summary", role: "status" });
  /** What stands above the table, beside what can be done. */
  readonly title = h("div", { class: "vmnb-identity" }, h("div", { class: "vmnb-title" }, this.name), this.summary);
  private readonly body = h("tbody");
  private rows: Row[] = [];

  constructor() {
    const heads = COLUMNS.map((column) => h("th", { scope: "col" }, column));
    const table = h("table", { class: "vmnb-history" }, h("thead", {}, h("tr", {}, ...heads)), this.body);
    this.element = h("div", { class: "vmnb-scroll vmnb-fleet-rows", role: "region", tabindex: 0, "aria-label": "Machines" }, table);
  }

  /** With `nowMs` the table says what goes on as of then; without, only what was saved. */
  update(fleet: Fleet, nowMs: number | null): void {
    const rows = nowMs === null ? fleet.rows.map((row) => ({ ...row, busy: null })) : fleet.rows;
    if (this.rows.length !== rows.length) {
      this.rows = rows.map(() => new Row());
      this.body.replaceChildren(...this.rows.map(({ element }) => element));
    }
    rows.forEach((row, index) => this.rows[index]?.update(row, nowMs));
    setText(this.name, `Fleet of ${rows.length}`);
    setText(this.summary, countWords(rows).join(", "));
  }
}

class Row {
  private readonly name = h("th", { scope: "row" });
  private readonly badge = badge();
  private readonly address = h("span");
  private readonly waysIn = h("span", { class: "vmnb-ways-in" });
  private readonly now = h("td", { class: "vmnb-now" });
  readonly element = h(
    "tr",
    {},
    this.name,
    h("td", {}, this.badge),
    h("td", { class: "vmnb-number" }, this.address, this.waysIn),
    this.now,
  );

  update(row: FleetRow, nowMs: number | null): void {
    setText(this.name, row.name);
    this.name.title = row.name;
    setBadge(this.badge, row);
    setText(this.address, row.address);
    setText(this.waysIn, row.ways_in);
    const now = nowText(row, nowMs);
    setText(this.now, now);
    this.now.title = now;
  }
}

function nowText({ busy, trouble, uptime_since }: FleetRow, nowMs: number | null): string {
  if (busy && nowMs !== null) return busyText(busy, nowMs);
  if (trouble || nowMs === null || !uptime_since) return trouble;
  return uptimeText(uptime_since, nowMs);
}
