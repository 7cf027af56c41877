/** The buttons: what may be done now, why the rest may not, and a question before destroying. */
import { ActionButton } from "./action-button";
import { h, hasFocus, setText, uniqueId } from "../parts/dom";
import type { ActionName, Card } from "../kernel/protocol";

const WORDS: Record<ActionName, string> = {
  start: "Start",
  stop: "Stop",
  suspend: "Suspend",
  resume: "Resume",
  destroy: "Destroy",
};

export class Actions {
  readonly buttons: HTMLElement;
  /** The question before destroying; stands below the header while it is asked. */
  readonly question: HTMLElement;
  private readonly byName: Record<ActionName, ActionButton>;
  private readonly ask = h("p", { id: uniqueId("ask") });
  private readonly cancel = h("button", { type: "button", class: "vmnb-button" }, "Cancel");
  private readonly confirm = h("button", { type: "button", class: "vmnb-button vmnb-danger" }, "Destroy");

  constructor(private readonly act: (action: ActionName) => void) {
    const names = Object.keys(WORDS) as ActionName[];
    const made = names.map((name) => [name, new ActionButton(name, WORDS[name], () => this.press(name))] as const);
    this.byName = Object.fromEntries(made) as Record<ActionName, ActionButton>;
    this.buttons = h(
      "div",
      { class: "vmnb-actions", role: "group", "aria-label": "Actions" },
      ...Object.values(this.byName).map(({ element }) => element),
    );
    this.question = h(
      "div",
      { class: "vmnb-question", role: "alertdialog", "aria-labelledby": this.ask.id, hidden: true },
      this.ask,
      h("div", { class: "vmnb-actions" }, this.cancel, this.confirm),
    );
    this.listenToAnswers();
  }

  update(card: Card): void {
    for (const [name, button] of Object.entries(this.byName)) button.update(card.actions[name as ActionName]);
    this.showOneOf(card);
    const question = `Destroy ${card.name}? Its disk is removed for good. Its history stays.`;
    setText(this.ask, question);
    if (!card.actions.destroy.enabled && !this.question.hidden) this.closeQuestion();
  }

  private press(name: ActionName): void {
    if (name === "destroy") this.openQuestion();
    else this.act(name);
  }

  /** Suspend and Resume share a place; the focus moves along. */
  private showOneOf(card: Card): void {
    const [suspend, resume] = [this.byName.suspend.element, this.byName.resume.element];
    const isSuspended = card.state === "suspended" || card.actions.resume.enabled;
    const [shown, hidden] = isSuspended ? [resume, suspend] : [suspend, resume];
    const hadFocus = hasFocus(hidden);
    shown.hidden = false;
    if (hadFocus) shown.focus();
    hidden.hidden = true;
  }

  private listenToAnswers(): void {
    this.cancel.addEventListener("click", () => this.closeQuestion());
    this.confirm.addEventListener("click", () => {
      this.closeQuestion();
      this.act("destroy");
    });
    this.question.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.closeQuestion();
    });
  }

  private openQuestion(): void {
    this.question.hidden = false;
    this.cancel.focus();
  }

  private closeQuestion(): void {
    const hadFocus = hasFocus(this.question);
    this.question.hidden = true;
    if (hadFocus) this.byName.destroy.element.focus();
  }
}
