/** The live table of a fleet: its machines, and buttons for all of them. */
import { ActionButton } from "../card/action-button";
import { FleetTable } from "./table";
import { h, setText } from "../parts/dom";
import { onReconnect } from "../kernel/lab-kernel";
import { ProblemBox } from "../card/problem";
import { type Fleet, type FleetAction, type Model, type ToPage, post } from "../kernel/protocol";
import { Requests } from "../kernel/requests";
import { silenceText } from "../kernel/silence";
import { type Pace, Ticker } from "../parts/ticker";

const WORDS: Record<FleetAction, string> = {
  start: "Start all",
  stop: "Stop all",
  suspend: "Suspend all",
  resume: "Resume all",
};

export class FleetView {
  readonly element: HTMLElement;
  private readonly table = new FleetTable();
  private readonly problem: ProblemBox;
  private readonly note = h("p", { class: "vmnb-note", role: "status" });
  private readonly buttons: [FleetAction, ActionButton][];
  private readonly requests: Requests;
  private readonly endReconnectWatch: () => void;
  private readonly ticker = new Ticker((nowMs) => this.drawRows(nowMs));

  constructor(
    private readonly model: Model,
    private fleet: Fleet,
  ) {
    this.requests = new Requests(model, (isSilent) => setText(this.note, isSilent ? silenceText(model) : ""));
    this.endReconnectWatch = onReconnect(model, () => this.requests.again());
    this.problem = new ProblemBox(() => post(model, { kind: "dismiss" }));
    const names = Object.keys(WORDS) as FleetAction[];
    this.buttons = names.map((name) => [name, new ActionButton(name, WORDS[name], () => this.requests.ask(name))]);
    this.element = h(
      "section",
      { class: "vmnb vmnb-fleet", "aria-label": `Fleet of ${fleet.rows.length} virtual machines` },
      h(
        "header",
        { class: "vmnb-header" },
        this.table.title,
        h("div", { class: "vmnb-actions", role: "group", "aria-label": "Actions" }, ...this.buttons.map(([, { element }]) => element)),
      ),
      this.problem.element,
      this.note,
      this.table.element,
    );
    model.on("change:fleet", this.draw);
    this.draw();
  }

  receive(message: ToPage): void {
    if (message.kind === "action_taken" || message.kind === "action_done") this.requests.taken(message.id);
    if (message.kind === "relinked") this.requests.again();
  }

  dispose(): void {
    this.ticker.dispose();
    this.model.off("change:fleet", this.draw);
    this.endReconnectWatch();
    this.requests.dispose();
  }

  private readonly draw = () => {
    this.fleet = this.model.get("fleet") ?? this.fleet;
    for (const [name, button] of this.buttons) button.update(this.fleet.actions[name]);
    this.problem.update(this.fleet.error);
    this.ticker.tick();
  };

  private drawRows(nowMs: number): Pace {
    const { rows } = this.fleet;
    this.table.update(this.fleet, nowMs);
    return { isBusy: rows.some(({ busy }) => busy), isUp: rows.some(({ uptime_since }) => uptime_since) };
  }
}
