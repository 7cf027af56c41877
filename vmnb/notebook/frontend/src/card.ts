/** The live card: header, buttons, progress, errors, and the tabs Console, History and Details. */
import { Actions } from "./actions";
import { ConsolePanel } from "./console";
import { factsList } from "./details";
import { h, setAttributes, setText } from "./dom";
import { Header } from "./header";
import { historyTable } from "./history";
import { ProblemBox } from "./problem";
import { Progress } from "./progress";
import { type ActionName, type Card, type Model, type Problem, type ToPage, post } from "./protocol";
import { Requests } from "./requests";
import { Tabs } from "./tabs";
import { badgeOf } from "./words";

const BUSY_TICK_MS = 100;
const UPTIME_TICK_MS = 1000;
const NOT_YET_RUN = ["preparing", "prepared"];
const SILENCE = "The kernel has not answered yet: it is busy, or gone.";

export class CardView {
  readonly element = h("section", { class: "vmnb vmnb-card vmnb-blank" });
  private readonly header = new Header();
  private readonly actions = new Actions((action) => this.act(action));
  private readonly progress = new Progress();
  private readonly problem = new ProblemBox(() => this.dismiss());
  private readonly note = h("p", { class: "vmnb-note", role: "status" });
  private readonly spoken = h("p", { class: "vmnb-spoken", role: "status" });
  private readonly history = h("div", { class: "vmnb-scroll", tabindex: 0 });
  private readonly details = h("div", { class: "vmnb-scroll", tabindex: 0 });
  private readonly console: ConsolePanel;
  private readonly requests: Requests;
  private ticker: ReturnType<typeof setTimeout> | undefined;
  /** The error of the last action, where the card itself has none. */
  private actionProblem: Problem | null = null;

  constructor(
    private readonly model: Model,
    private card: Card,
  ) {
    this.requests = new Requests(model, (isSilent) => setText(this.note, isSilent ? SILENCE : ""));
    this.console = new ConsolePanel(model, card.name, () => this.showConsole());
    const label = `Virtual machine ${card.name}`;
    setAttributes(this.element, { "aria-label": label });
    const tabs = this.tabs(label);
    this.element.append(
      h("header", { class: "vmnb-header" }, this.header.element, this.actions.buttons),
      this.actions.question,
      this.problem.element,
      this.note,
      h("div", { class: "vmnb-tab-row" }, tabs.list, this.progress.element),
      tabs.panels,
      this.spoken,
    );
    this.update(card);
    this.updateHistory();
  }

  update(card: Card): void {
    this.card = card;
    this.requests.heard();
    this.actions.update(card);
    this.showProblem();
    this.details.replaceChildren(factsList(card));
    setText(this.spoken, `${card.name} is ${badgeOf(card).word}`);
    if (card.busy || !NOT_YET_RUN.includes(card.state)) this.showConsole();
    this.tick();
  }

  updateHistory(): void {
    this.history.replaceChildren(historyTable(this.model.get("history") ?? []));
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    if (message.kind !== "action_done") return this.console.receive(message, buffers);
    this.requests.answered(message.id);
    this.actionProblem = message.error ?? null;
    this.showProblem();
  }

  dispose(): void {
    clearTimeout(this.ticker);
    this.requests.dispose();
    this.console.dispose();
  }

  private tabs(label: string): Tabs {
    const empty = h("p", { class: "vmnb-empty" }, "The console opens here when the machine starts.");
    return new Tabs(label, [
      { title: "Console", panel: h("div", {}, this.console.element, empty) },
      { title: "History", panel: this.history },
      { title: "Details", panel: this.details },
    ]);
  }

  private act(action: ActionName): void {
    this.actionProblem = null;
    this.requests.ask(action);
  }

  private dismiss(): void {
    this.actionProblem = null;
    post(this.model, { kind: "dismiss" });
  }

  private showProblem(): void {
    this.problem.update(this.card.error ?? this.actionProblem);
  }

  /** Show what changes by itself: the uptime each second, and more often while something is done. */
  private tick(): void {
    clearTimeout(this.ticker);
    const nowMs = Date.now();
    this.header.update(this.card, nowMs);
    this.progress.update(this.card.busy, nowMs);
    const { busy, uptime_since } = this.card;
    if (busy) this.ticker = setTimeout(() => this.tick(), BUSY_TICK_MS);
    else if (uptime_since) this.ticker = setTimeout(() => this.tick(), UPTIME_TICK_MS);
  }

  private showConsole(): void {
    this.element.classList.remove("vmnb-blank");
  }
}
