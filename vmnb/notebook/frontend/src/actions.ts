/** The buttons: what may be done now, why the rest may not, and a question before destroying. */
import { h, hasFocus, setAttributes, setText, uniqueId } from "./dom";
import { icon } from "./icons";
import type { ActionName, Card } from "./protocol";

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
  private readonly byName: Record<ActionName, HTMLButtonElement>;
  private readonly ask = h("p", { id: uniqueId("ask") });
  private readonly cancel = h("button", { type: "button", class: "vmnb-button" }, "Cancel");
  private readonly confirm = h("button", { type: "button", class: "vmnb-button vmnb-danger" }, "Destroy");

  constructor(private readonly act: (action: ActionName) => void) {
    const names = Object.keys(WORDS) as ActionName[];
    const made = names.map((name) => [name, this.button(name)] as const);
    this.byName = Object.fromEntries(made) as Record<ActionName, HTMLButtonElement>;
    this.buttons = h(
      "div",
      { class: "vmnb-actions", role: "group", "aria-label": "Actions" },
      ...Object.values(this.byName),
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
    for (const [name, button] of Object.entries(this.byName)) {
      this.updateButton(button, card, name as ActionName);
    }
    this.showOneOf(card);
    const question = `Destroy ${card.name}? Its disk is removed for good. Its history stays.`;
    setText(this.ask, question);
    if (!card.actions.destroy.enabled && !this.question.hidden) this.closeQuestion();
  }

  private button(name: ActionName): HTMLButtonElement {
    const button = h("button", { type: "button", class: `vmnb-button vmnb-${name}` }, icon(name), h("span", {}, WORDS[name]));
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "true") return;
      if (name === "destroy") this.openQuestion();
      else this.act(name);
    });
    return button;
  }

  // `aria-disabled` rather than `disabled`: the reason stays reachable by keyboard and hover, and
  // a button that changes under the focus keeps it.
  private updateButton(button: HTMLButtonElement, card: Card, name: ActionName): void {
    const { enabled, reason } = card.actions[name];
    setAttributes(button, {
      "aria-disabled": enabled ? null : "true",
      "aria-description": reason || null,
      title: reason || null,
    });
  }

  /** Suspend and Resume share a place; the focus moves along. */
  private showOneOf(card: Card): void {
    const { suspend, resume } = this.byName;
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
    if (hadFocus) this.byName.destroy.focus();
  }
}
