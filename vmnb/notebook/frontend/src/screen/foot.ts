/** The line below the screen: how things are, keys that no page can have, and text to be typed. */
import { type Child, h, setAttributes, setText, uniqueId } from "../parts/dom";

/** As many characters are typed in about a minute. */
const TEXT_MAX = 2000;

export interface FootEvents {
  onKeys(combination: string): void;
  onText(text: string): void;
  onLive(isLive: boolean): void;
}

export class ScreenFoot {
  readonly element: HTMLElement;
  /** Stands above the line while it is open. */
  readonly form: HTMLFormElement;
  private readonly status = h("span", { class: "vmnb-console-status", role: "status" });
  private readonly hint = h(
    "span",
    { class: "vmnb-hint", tabindex: -1 },
    h("kbd", {}, "Ctrl"), "+", h("kbd", {}, "Shift"), "+", h("kbd", {}, "Enter"),
    " leaves the screen",
  );
  private readonly text: HTMLTextAreaElement;
  private readonly type: HTMLButtonElement;
  private readonly live: HTMLButtonElement;

  constructor(private readonly events: FootEvents) {
    const keys = this.button("Ctrl-Alt-Del", () => events.onKeys("ctrl-alt-delete"));
    this.type = this.button("Type text…", () => this.openForm());
    this.live = this.button("Live", () => events.onLive(this.live.getAttribute("aria-pressed") !== "true"));
    this.text = h("textarea", { class: "vmnb-screen-text", id: uniqueId("text"), rows: 2, maxlength: TEXT_MAX });
    const label = h("label", { for: this.text.id }, "Text to type on the guest's keyboard (US layout)");
    const send = h("button", { type: "submit", class: "vmnb-button" }, "Type");
    const cancel = this.button("Cancel", () => this.closeForm());
    this.form = h(
      "form",
      { class: "vmnb-screen-form", hidden: true },
      label, this.text,
      h("div", { class: "vmnb-actions" }, send, cancel),
    );
    this.element = h("div", { class: "vmnb-console-foot" }, this.group(keys, this.type, this.live), this.status, this.hint);
    this.listen();
  }

  /** Say how things are; empty where there is nothing to say. */
  say(text: string): void {
    setText(this.status, text);
  }

  showLive(isLive: boolean): void {
    setAttributes(this.live, {
      "aria-pressed": String(isLive),
      title: isLive ? "The screen as it changes; press for a picture each second" : "A picture each second; press for the screen as it changes",
    });
    this.hint.hidden = !isLive;
  }

  /** Take the focus out of the screen. */
  focus(): void {
    this.hint.focus();
  }

  private listen(): void {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.events.onText(this.text.value);
      this.closeForm();
    });
    this.form.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.closeForm();
    });
  }

  private openForm(): void {
    this.form.hidden = false;
    this.text.focus();
  }

  private closeForm(): void {
    this.text.value = "";
    this.form.hidden = true;
    this.type.focus();
  }

  private group(...children: Child[]): HTMLElement {
    return h("div", { class: "vmnb-actions", role: "group", "aria-label": "Screen" }, ...children);
  }

  private button(word: string, onClick: () => void): HTMLButtonElement {
    const button = h("button", { type: "button", class: "vmnb-button" }, word);
    button.addEventListener("click", onClick);
    return button;
  }
}
