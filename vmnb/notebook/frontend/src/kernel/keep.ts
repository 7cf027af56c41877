/**
 * Keeps the HTML beside a widget true after a reload of the page, when JupyterLab no longer knows
 * which outputs a display id has. Elsewhere the kernel's own update of the output is all there is.
 */
import type { Model, SavedOutput } from "./protocol";

/** The part of JupyterLab's notebook that is used here; its widget manager leads to it. */
interface Outputs {
  length: number;
  get(index: number): { toJSON(): SavedOutput };
  set(index: number, output: SavedOutput): void;
}
interface Manager {
  context?: { model?: { cells?: Iterable<{ outputs?: Outputs }> } };
}

export function keepSaved(model: Model, output: SavedOutput): void {
  const cells = (model.widget_manager as Manager | undefined)?.context?.model?.cells ?? [];
  for (const { outputs } of cells) {
    for (let index = 0; index < (outputs?.length ?? 0); index += 1) {
      const before = outputs?.get(index).toJSON();
      if (before?.metadata?.vmnb?.key !== output.metadata?.vmnb?.key) continue;
      if (before?.data?.["text/html"] === output.data?.["text/html"]) continue;
      outputs?.set(index, { ...before, ...output });
    }
  }
}
