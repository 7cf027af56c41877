/** A button for an action, which says why it may not be pressed where it may not. */
import { h, setAttributes } from "../parts/dom";
import { icon } from "../parts/icons";
import type { ActionName, ActionState } from "../kernel/protocol";

export class ActionButton {
  readonly element: HTMLButtonElement;

  constructor(name: ActionName, word: string, press: () => void) {
    this.element = h("button", { type: "button", class: `vmnb-button vmnb-${name}` }, icon(name), h("span", {}, word));
    this.element.addEventListener("click", () => {
      if (this.element.getAttribute("aria-disabled") !== "true") press();
    });
  }

  // `aria-disabled` rather than `disabled`: the reason stays reachable by keyboard and hover, and
  // a button that changes under the focus keeps it.
  update({ enabled, reason }: ActionState): void {
    setAttributes(this.element, {
      "aria-disabled": enabled ? null : "true",
      "aria-description": reason || null,
      title: reason || null,
    });
  }
}
