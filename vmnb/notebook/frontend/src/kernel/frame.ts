/** A message and its buffers as one frame of a WebSocket; see `vmnb/notebook/socket/frame.py`. */
import { bytesOf } from "./protocol";

const LENGTH_BYTES = 4;

interface Header<Message> {
  message: Message;
  /** Of the buffers that follow, in bytes. */
  sizes: number[];
}

export function pack(message: object, buffers: ArrayBufferView[]): ArrayBuffer {
  const parts = buffers.map(bytesOf);
  const sizes = parts.map(({ length }) => length);
  const header = new TextEncoder().encode(JSON.stringify({ message, sizes }));
  const frame = new Uint8Array(LENGTH_BYTES + header.length + sizes.reduce((sum, size) => sum + size, 0));
  new DataView(frame.buffer).setUint32(0, header.length);
  let start = LENGTH_BYTES;
  for (const part of [header, ...parts]) {
    frame.set(part, start);
    start += part.length;
  }
  return frame.buffer;
}

/** The message and its buffers, which are views of the frame. */
export function unpack<Message>(frame: ArrayBuffer): [Message, Uint8Array[]] {
  let start = LENGTH_BYTES + new DataView(frame).getUint32(0);
  const text = new TextDecoder().decode(new Uint8Array(frame, LENGTH_BYTES, start - LENGTH_BYTES));
  const { message, sizes } = JSON.parse(text) as Header<Message>;
  const buffers = sizes.map((size) => {
    start += size;
    return new Uint8Array(frame, start - size, size);
  });
  return [message, buffers];
}
