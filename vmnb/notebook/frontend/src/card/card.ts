/** The live card: header, buttons, progress, errors, and the tabs. */
import { Actions } from "./actions";
import { ConsoleTab } from "../console/tab";
import { DetailsTab } from "./details";
import { h, setAttributes, setText } from "../parts/dom";
import { Header } from "./header";
import { HistoryTab } from "./history";
import { onReconnect } from "../kernel/lab-kernel";
import { MetricsTab } from "./metrics";
import type { Panel } from "./panel";
import { ProblemBox } from "./problem";
import { Progress } from "./progress";
import { type ActionName, type Card, type Model, type Problem, type ToPage, post } from "../kernel/protocol";
import { Requests } from "../kernel/requests";
import { ScreenTab } from "../screen/tab";
import { silenceText } from "../kernel/silence";
import { Tabs } from "./tabs";
import { type Pace, Ticker } from "../parts/ticker";
import { badgeOf } from "../parts/words";

export class CardView {
  readonly element = h("section", { class: "vmnb vmnb-card" });
  private readonly header = new Header();
  private readonly actions = new Actions((action) => this.act(action));
  private readonly progress = new Progress();
  private readonly problem = new ProblemBox(() => this.dismiss());
  private readonly note = h("p", { class: "vmnb-note", role: "status" });
  private readonly spoken = h("p", { class: "vmnb-spoken", role: "status" });
  private readonly panels: Panel[];
  private readonly requests: Requests;
  private readonly endReconnectWatch: () => void;
  private readonly ticker = new Ticker((nowMs) => this.draw(nowMs));
  /** The error of the last action, where the card itself has none. */
  private actionProblem: Problem | null = null;

  constructor(
    private readonly model: Model,
    private card: Card,
  ) {
    this.requests = new Requests(model, (isSilent) => setText(this.note, isSilent ? silenceText(model) : ""));
    this.endReconnectWatch = onReconnect(model, () => this.requests.again());
    this.panels = [
      new ConsoleTab(model, card.name),
      new ScreenTab(model, card.name),
      new MetricsTab(model),
      new HistoryTab(model),
      new DetailsTab(),
    ];
    const label = `Virtual machine ${card.name}`;
    setAttributes(this.element, { "aria-label": label });
    const tabs = new Tabs(label, this.panels);
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
  }

  update(card: Card): void {
    this.card = card;
    this.actions.update(card);
    this.showProblem();
    for (const panel of this.panels) panel.update?.(card);
    setText(this.spoken, `${card.name} is ${badgeOf(card).word}`);
    this.ticker.tick();
  }

  receive(message: ToPage, buffers: ArrayBufferView[]): void {
    for (const panel of this.panels) panel.receive?.(message, buffers);
    if (message.kind === "action_taken") this.requests.taken(message.id);
    if (message.kind === "relinked") this.requests.again();
    if (message.kind === "action_done") this.onDone(message);
  }

  dispose(): void {
    this.ticker.dispose();
    this.endReconnectWatch();
    this.requests.dispose();
    for (const panel of this.panels) panel.dispose?.();
  }

  private onDone(message: ToPage & { kind: "action_done" }): void {
    this.requests.taken(message.id);
    this.actionProblem = message.error ?? null;
    this.showProblem();
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

  /** Show what changes by itself. */
  private draw(nowMs: number): Pace {
    const { busy, uptime_since } = this.card;
    this.header.update(this.card, nowMs);
    this.progress.update(busy, nowMs);
    return { isBusy: Boolean(busy), isUp: Boolean(uptime_since) };
  }
}
