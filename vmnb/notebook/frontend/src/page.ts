/** The bundle, fetched from the kernel once a page, however many widgets the page shows. */
import { PROBE, learn } from "./carrier";
import { type Bundle, type MessageCallback, type Model, bytesOf, post } from "./protocol";

declare const BUNDLE_DIGEST: string;

/** While one widget waits for its answer, the others let it. */
const TURN_MS = 2000;

export interface Loaded {
  bundle: Bundle;
  style: string;
}

interface Page {
  loaded: Map<string, Promise<Loaded>>;
  askedAt: number;
  /** Called when something was loaded. */
  waiting: Set<() => void>;
}

const KEY = Symbol.for("vmnb.page.1");

function page(): Page {
  const holder = globalThis as { [KEY]?: Page };
  holder[KEY] ??= { loaded: new Map(), askedAt: Number.NEGATIVE_INFINITY, waiting: new Set() };
  return holder[KEY];
}

/**
 * The bundle, as soon as this page has it. Any kernel may be dead, so each widget asks its own; but
 * only after those that asked before had time for their answer. Pending for ever without a kernel.
 */
export function loadBundle(model: Model, signal: AbortSignal): Promise<Loaded> {
  const { loaded, waiting } = page();
  const here = loaded.get(BUNDLE_DIGEST);
  if (here) return here;
  return new Promise((resolve, reject) => {
    const settle = () => {
      const found = loaded.get(BUNDLE_DIGEST);
      if (found) finish(found);
    };
    const onMessage: MessageCallback = (message, buffers) => {
      if (message.kind !== "bundle") return;
      if (learn(message, buffers)) finish(accept(message.digest, buffers));
      else if (asked < 2) ask();
      else finish(Promise.reject(new Error("this front end carries no bytes")));
    };
    let asked = 0;
    const ask = () => {
      asked += 1;
      post(model, { kind: "bundle" }, [PROBE]);
    };
    const turn = whenMyTurn(ask);
    const finish = (found: Promise<Loaded>) => {
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
function whenMyTurn(ask: () => void): ReturnType<typeof setTimeout> {
  const now = Date.now();
  if (now - page().askedAt < TURN_MS) return setTimeout(ask, TURN_MS);
  page().askedAt = now;
  return setTimeout(ask);
}

function accept(digest: string, [script, style]: ArrayBufferView[]): Promise<Loaded> {
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
async function importBundle(script: Uint8Array<ArrayBuffer>): Promise<Bundle> {
  const blob = new Blob([script], { type: "text/javascript" });
  const url = URL.createObjectURL(blob);
  try {
    return (await import(/* @vite-ignore */ url)) as Bundle;
  } catch {
    return (await import(/* @vite-ignore */ await dataUrl(blob))) as Bundle;
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
