/** A way past a cell that runs, for ipykernel 6: the control channel, where the front end has it. */
import { randomId } from "../parts/ids";
import { type LabKernel, labKernel } from "./lab-kernel";
import type { MessageCallback, Model } from "./protocol";

/** How long messages wait for the kernel's answer to the first one. */
export const KNOCK_MS = 1000;

type Message = Parameters<Model["send"]>;

/**
 * The same model, whose messages go by the control channel if the kernel answers there, and as ever
 * if it does not, until `signal` ends it. The first ones wait for that to be known: on the usual way
 * they might wait for the end of all cells that are to run.
 */
export function throughControl(model: Model, signal: AbortSignal): Model {
  const comm = model.get("reach")?.control;
  if (!comm || !labKernel(model)?.sendControlMessage) return model;
  let isOpen = false;
  let held: Message[] | null = [];
  const send = (...message: Message) => {
    if (held !== null) held.push(message);
    else if (!isOpen || !sendControl(labKernel(model), comm, message)) model.send(...message);
  };
  const release = () => {
    const waiting = held ?? [];
    held = null;
    for (const message of waiting) send(...message);
  };
  const onMessage: MessageCallback = ({ kind }) => {
    if (kind !== "knocked") return;
    isOpen = true;
    release();
  };
  const patience = setTimeout(release, KNOCK_MS);
  signal.addEventListener("abort", () => {
    clearTimeout(patience);
    model.off("msg:custom", onMessage);
  });
  model.on("msg:custom", onMessage);
  sendControl(labKernel(model), comm, [{ kind: "knock" }]);
  return Object.create(model, { send: { value: send } }) as Model;
}

function sendControl(
  kernel: LabKernel | null,
  comm: string,
  [content, , buffers = []]: Message,
): boolean {
  if (!kernel?.sendControlMessage) return false;
  kernel.sendControlMessage({
    channel: "control",
    header: {
      msg_id: randomId(),
      msg_type: "comm_msg",
      session: kernel.clientId ?? "",
      username: kernel.username ?? "",
      date: new Date().toISOString(),
      version: "5.2",
    },
    parent_header: {},
    metadata: {},
    content: { comm_id: comm, data: { method: "custom", content } },
    buffers,
  });
  return true;
}
