/** An error, inside the card: what happened and what to do. */
import { h } from "../parts/dom";
import type { Problem } from "../kernel/protocol";

export class ProblemBox {
  readonly element = h("div", { class: "vmnb-problem", role: "alert", hidden: true });
  private shown = "";
  private dismissed = "";

  constructor(private readonly onDismiss: () => void) {}

  /** Show a problem, unless it is the one just dismissed; null takes it away. */
  update(problem: Problem | null): void {
    const key = problem === null ? "" : JSON.stringify(problem);
    if (problem === null) this.dismissed = "";
    if (key === this.shown || (key !== "" && key === this.dismissed)) return;
    this.shown = key;
    this.element.hidden = problem === null;
    this.element.replaceChildren(...(problem === null ? [] : this.content(problem)));
  }

  private content({ title, message, hint }: Problem): HTMLElement[] {
    const dismiss = h("button", { type: "button", class: "vmnb-dismiss", "aria-label": "Dismiss" }, "×");
    dismiss.addEventListener("click", () => this.dismiss());
    const words = [
      h("strong", {}, title),
      h("p", { class: "vmnb-message" }, message),
      ...(hint ? [h("p", { class: "vmnb-advice" }, hint)] : []),
    ];
    return [h("div", {}, ...words), dismiss];
  }

  private dismiss(): void {
    const key = this.shown;
    this.update(null);
    this.dismissed = key;
    this.onDismiss();
  }
}
