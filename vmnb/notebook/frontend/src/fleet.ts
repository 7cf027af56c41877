/** The live table of a fleet: its machines, and buttons for all of them. */
import { ActionButton } from "./action-button";
import { FleetTable } from "./fleet-table";
import { h, setText } from "./dom";
import { onReconnect } from "./lab-kernel";
import { ProblemBox } from "./problem";
import { type Fleet, type FleetAction, type Model, type ToPage, post } from "./protocol";
import { Requests } from "./requests";
import { silenceText } from "./silence";

const WORDS: Record<FleetAction, string> = {
  start: "Start all",
  stop: "Stop all",
  suspend: "Suspend all",
  resume: "Resume all",
};
const BUSY_TICK_MS = 100;
const UPTIME_TICK_MS = 1000;

export class FleetView {
  readonly element: HTMLElement;
  private readonly table = new FleetTable();
  private readonly problem: ProblemBox;
  private readonly note = h("p", { class: "vmnb-note", role: "status" });
  private readonly buttons: [FleetAction, ActionButton][];
  private readonly requests: Requests;
  private readonly endReconnectWatch: () => void;
  private ticker: ReturnType<typeof setTimeout> | undefined;

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
    clearTimeout(this.ticker);
    this.model.off("change:fleet", this.draw);
    this.endReconnectWatch();
    this.requests.dispose();
  }

  private readonly draw = () => {
    this.fleet = this.model.get("fleet") ?? this.fleet;
    for (const [name, button] of this.buttons) button.update(this.fleet.actions[name]);
    this.problem.update(this.fleet.error);
    this.tick();
  };

  /** Show what changes by itself: how long each is up, and more often while something is done. */
  private tick(): void {
    clearTimeout(this.ticker);
    this.table.update(this.fleet, Date.now());
    const { rows } = this.fleet;
    if (rows.some(({ busy }) => busy)) this.ticker = setTimeout(() => this.tick(), BUSY_TICK_MS);
    else if (rows.some(({ uptime_since }) => uptime_since)) this.ticker = setTimeout(() => this.tick(), UPTIME_TICK_MS);
  }
}
