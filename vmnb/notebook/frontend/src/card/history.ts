/** What happened to the machine, the newest first. */
import { h } from "../parts/dom";
import type { Panel } from "./panel";
import type { HistoryRow, Model, States } from "../kernel/protocol";
import { stateStrip } from "./states";
import { changeText, duration, localTime, toneOf } from "../parts/words";

const EVENTS = ["change:history", "change:states"] as const;
const COLUMNS = ["When", "Change", "Action", "Took", "By", "Detail"];

export class HistoryTab implements Panel {
  readonly title = "History";
  readonly element = h("div", { class: "vmnb-scroll", tabindex: 0 });
  private readonly draw = () => this.redraw();

  constructor(private readonly model: Model) {
    for (const event of EVENTS) model.on(event, this.draw);
    this.draw();
  }

  /** What goes on has become longer. */
  show(isShown: boolean): void {
    if (isShown) this.draw();
  }

  dispose(): void {
    for (const event of EVENTS) this.model.off(event, this.draw);
  }

  private states(): States | undefined {
    const text = this.model.get("states");
    return text ? (JSON.parse(text) as States) : undefined;
  }

  private redraw(): void {
    const strip = stateStrip(this.states(), Date.now());
    this.element.replaceChildren(...(strip ? [strip] : []), historyTable(this.model.get("history") ?? []));
  }
}

export function historyTable(rows: HistoryRow[]): HTMLElement {
  if (rows.length === 0) return h("p", { class: "vmnb-nothing" }, "Nothing has happened yet.");
  const heads = COLUMNS.map((column) => h("th", { scope: "col" }, column));
  return h(
    "table",
    { class: "vmnb-history" },
    h("thead", {}, h("tr", {}, ...heads)),
    h("tbody", {}, ...rows.map(historyRow).reverse()),
  );
}

function historyRow(row: HistoryRow): HTMLElement {
  const [time, , to, action, took_s, cause, detail] = row;
  const dot = h("i", { class: "vmnb-dot", "data-tone": toneOf(to), "aria-hidden": "true" });
  return h(
    "tr",
    {},
    h("td", { class: "vmnb-number" }, h("time", { datetime: time, title: time }, localTime(time))),
    h("td", {}, h("span", { class: "vmnb-change" }, dot, changeText(row))),
    h("td", {}, action),
    h("td", { class: "vmnb-number" }, took_s === null ? "" : duration(took_s)),
    h("td", {}, cause),
    h("td", { class: "vmnb-detail" }, detail),
  );
}
