/**
 * A live screen by noVNC: a bundle of its own, for most pages never show one.
 *
 * noVNC's event "clipboard" has no listener: what a guest copies stays in the guest.
 */
import RFB from "@novnc/novnc";
import { setAttributes } from "../parts/dom";
import type { ScreenBundle } from "./live";

export const showScreen: ScreenBundle["showScreen"] = (frame, channel, { label, onShown, onEnd }) => {
  const rfb = new RFB(frame, channel, { shared: true });
  rfb.background = "#000000";
  rfb.scaleViewport = true;
  rfb.showDotCursor = true; // where a guest draws no pointer, one's own would be nowhere to be seen
  const canvas = frame.querySelector("canvas");
  if (canvas === null) throw new Error("vmnb: noVNC has no canvas");
  setAttributes(canvas, { tabindex: 0, role: "application", "aria-label": label });
  releaseKeysOnBlur(canvas);

  const observer = new MutationObserver(() => fit(frame, canvas));
  observer.observe(canvas, { attributes: true, attributeFilter: ["width", "height"] });
  rfb.addEventListener("connect", onShown);
  rfb.addEventListener("disconnect", () => {
    observer.disconnect();
    onEnd();
  });
  return { focus: () => rfb.focus(), close: () => rfb.disconnect() };
};

/** Give the frame the proportions of the guest's screen. */
function fit(frame: HTMLElement, { width, height }: HTMLCanvasElement): void {
  if (width > 0 && height > 0) frame.style.aspectRatio = `${width} / ${height}`;
}

/** Keys that are down when the focus goes would stay down in the guest for good. */
function releaseKeysOnBlur(canvas: HTMLCanvasElement): void {
  const down = new Map<string, string>();
  canvas.addEventListener("keydown", ({ code, key }) => down.set(code, key));
  canvas.addEventListener("keyup", ({ code }) => down.delete(code));
  canvas.addEventListener("blur", () => {
    for (const [code, key] of [...down]) canvas.dispatchEvent(new KeyboardEvent("keyup", { code, key }));
  });
}
