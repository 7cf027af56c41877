import { describe, expect, it } from "vitest";
import { keepSaved } from "../src/kernel/keep";
import type { SavedOutput } from "../src/kernel/protocol";
import { ScriptedModel } from "./model";

const outputOf = (key: string, html: string): SavedOutput => ({
  data: { "text/html": html },
  metadata: { vmnb: { key } },
});

function notebookOf(...outputs: SavedOutput[]) {
  const set: number[] = [];
  const list = {
    length: outputs.length,
    get: (index: number) => ({ toJSON: () => outputs[index] }),
    set: (index: number, output: SavedOutput) => {
      outputs[index] = output;
      set.push(index);
    },
  };
  const model = Object.assign(new ScriptedModel({}), {
    widget_manager: { context: { model: { cells: [{}, { outputs: list }] } } },
  });
  return { model, outputs, set };
}

describe("what a notebook keeps", () => {
  it("is written where it stands for this widget, and is another", () => {
    const { model, outputs, set } = notebookOf({}, outputOf("a", "old"), outputOf("b", "old"), outputOf("a", "new"));
    keepSaved(model, outputOf("a", "new"));
    expect(set).toEqual([1]);
    expect(outputs[1]).toEqual(outputOf("a", "new"));
  });

  it("is left alone by a front end that has no such notebook", () => {
    for (const widget_manager of [undefined, {}, { context: {} }]) {
      const model = Object.assign(new ScriptedModel({}), { widget_manager });
      expect(() => keepSaved(model, outputOf("a", "new"))).not.toThrow();
    }
  });
});
