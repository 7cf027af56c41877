/**
 * Bytes on their way between page and kernel: as binary buffers where the front end carries them,
 * and as base64 where it does not. The Python side is `vmnb/notebook/widget/wire.py`.
 *
 * The bundle is the first that a page asks for, and tells how bytes travel here: its request brings
 * a few bytes, and the answer says whether they came and what it has itself.
 */
import { type Message, type MessageCallback, type Model, type ToKernel, type ToPage, bytesOf } from "./protocol";

/** Bytes that a detour by text would garble. */
export const PROBE = Uint8Array.of(0, 127, 128, 255);

interface Carriage {
  toPage: boolean;
  toKernel: boolean;
}

const KEY = Symbol.for("vmnb.carriage.1");

/** One for all widgets of the page: each has this module for itself. */
function carriage(): Carriage {
  const holder = globalThis as { [KEY]?: Carriage };
  holder[KEY] ??= { toPage: true, toKernel: true };
  return holder[KEY];
}

/** The model as the rest of the code knows it: whatever was sent comes as `Uint8Array`s. */
export function carried(model: Model): Model {
  const unpacking = new Map<unknown, MessageCallback>();
  return {
    /** The front end's own, which knows of the kernel. */
    widget_manager: (model as { widget_manager?: unknown }).widget_manager,
    get: (name) => model.get(name),
    on(event: string, callback: MessageCallback) {
      if (event !== "msg:custom") return model.on(event as "change:card", callback as () => void);
      const unpacked: MessageCallback = (message, buffers) => callback(message, unpack(message, buffers));
      unpacking.set(callback, unpacked);
      model.on(event, unpacked);
    },
    off: (event, callback) => model.off(event, unpacking.get(callback) ?? callback),
    send: (message, callbacks, buffers = []) => send(model, message, callbacks, buffers),
  } as Model;
}

/** Take from the bundle how bytes travel here; false if its own were lost: ask again, for text. */
export function learn({ sizes, heard }: ToPage & { kind: "bundle" }, buffers: ArrayBufferView[]): boolean {
  const here = carriage();
  const isWhole = sizes.every((size, index) => buffers[index]?.byteLength === size);
  here.toPage &&= isWhole;
  here.toKernel &&= heard;
  return isWhole;
}

function send(model: Model, message: Message<ToKernel>, callbacks: unknown, buffers: ArrayBufferView[]): void {
  const { toPage, toKernel } = carriage();
  const asked = toPage ? message : { ...message, binary: false as const };
  if (toKernel || buffers.length === 0) model.send(asked, callbacks, buffers);
  else model.send({ ...asked, base64: buffers.map((buffer) => toBase64(bytesOf(buffer))) }, callbacks, []);
}

function unpack(message: Message<ToPage>, buffers: unknown[] | undefined): Uint8Array[] {
  return message.base64?.map(fromBase64) ?? (buffers ?? []).map(bytesOf);
}

const CHUNK = 0x8000; // a call takes only so many arguments

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += CHUNK) {
    text += String.fromCharCode(...bytes.subarray(start, start + CHUNK));
  }
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
