/** The widget's code, fetched from the kernel once a page, however many widgets the page shows. */
import { PROBE, learn } from "./kernel/carrier";
import { type BundleName, type MessageCallback, type Model, bytesOf, post } from "./kernel/protocol";

/** While one widget waits for its answer, the others let it. */
const TURN_MS = 2000;

/** A part of the code, and the digest of what it is to be. */
export interface Wanted {
  name: BundleName;
  digest: string;
}

export interface Loaded<Exports> {
  bundle: Exports;
  style: string;
}

interface Page {
  loaded: Map<string, Promise<Loaded<unknown>>>;
  /** When a part was last asked for. */
  askedAt: Map<string, number>;
  /** Called when something was loaded. */
  waiting: Set<() => void>;
}

const KEY = Symbol.for("vmnb.page.2");

function page(): Page {
  const holder = globalThis as { [KEY]?: Page };
  holder[KEY] ??= { loaded: new Map(), askedAt: new Map(), waiting: new Set() };
  return holder[KEY];
}

/**
 * A part of the code, as soon as this page has it. Any kernel may be dead, so each widget asks its own; but
 * only after those that asked before had time for their answer. Pending for ever without a kernel.
 */
export function loadBundle<Exports>(model: Model, wanted: Wanted, signal: AbortSignal): Promise<Loaded<Exports>> {
  const { loaded, waiting } = page();
  const there = () => loaded.get(wanted.digest) as Promise<Loaded<Exports>> | undefined;
  const here = there();
  if (here) return here;
  return new Promise((resolve, reject) => {
    const settle = () => {
      const found = there();
      if (found) finish(found);
    };
    const onMessage: MessageCallback = (message, buffers) => {
      if (message.kind !== "bundle" || message.name !== wanted.name) return;
      if (learn(message, buffers)) finish(accept(message.digest, buffers) as Promise<Loaded<Exports>>);
      else if (asked < 2) ask();
      else finish(Promise.reject(new Error("this front end carries no bytes")));
    };
    let asked = 0;
    const ask = () => {
      asked += 1;
      post(model, { kind: "bundle", name: wanted.name }, [PROBE]);
    };
    const turn = whenMyTurn(wanted.digest, ask);
    const finish = (found: Promise<Loaded<Exports>>) => {
      stop();
      found.then(resolve, reject);
    };
    const stop = () => {
      clearTimeout(turn);
      waiting.delete(settle);
      model.off("msg:custom", onMessage);
    };
    signal.addEventListener("abort", stop);
    model.on("msg:custom", onMessage);
    waiting.add(settle);
  });
}

/** Ask at once, or after a while if another widget has just asked and may get the answer for all. */
function whenMyTurn(digest: string, ask: () => void): ReturnType<typeof setTimeout> {
  const { askedAt } = page();
  const now = Date.now();
  if (now - (askedAt.get(digest) ?? Number.NEGATIVE_INFINITY) < TURN_MS) return setTimeout(ask, TURN_MS);
  askedAt.set(digest, now);
  return setTimeout(ask);
}

function accept(digest: string, [script, style]: ArrayBufferView[]): Promise<Loaded<unknown>> {
  const { loaded, waiting } = page();
  const found =
    loaded.get(digest) ??
    importBundle(bytesOf(script)).then((bundle) => ({
      bundle,
      style: new TextDecoder().decode(bytesOf(style)),
    }));
  loaded.set(digest, found);
  for (const settle of [...waiting]) settle();
  return found;
}

/** Some pages' policies refuse `blob:` modules, some refuse `data:`. */
async function importBundle(script: Uint8Array<ArrayBuffer>): Promise<unknown> {
  const blob = new Blob([script], { type: "text/javascript" });
  const url = URL.createObjectURL(blob);
  try {
    return await import(/* @vite-ignore */ url);
  } catch {
    return await import(/* @vite-ignore */ await dataUrl(blob));
  } finally {
    URL.revokeObjectURL(url);
  }
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(reader.error ?? new Error("unreadable"));
    reader.readAsDataURL(blob);
  });
}
