/** A way past a cell that runs, for ipykernel 6: the control channel, where the front end has it. */
import { randomId } from "./ids";
import { type LabKernel, labKernel } from "./lab-kernel";
import type { Model, ToKernel } from "./protocol";

/**
 * The same model, whose messages go by the control channel once the kernel has answered there. Until
 * then, and where it never does, they go as ever.
 */
export function throughControl(model: Model): Model {
  const comm = model.get("reach")?.control;
  if (!comm || !labKernel(model)?.sendControlMessage) return model;
  let isOpen = false;
  const send: Model["send"] = (content, callbacks, buffers = []) => {
    if (!isOpen || !sendControl(labKernel(model), comm, content, buffers)) {
      model.send(content, callbacks, buffers);
    }
  };
  model.on("msg:custom", (message) => {
    if (message.kind === "knocked") isOpen = true;
  });
  sendControl(labKernel(model), comm, { kind: "knock" }, []);
  return Object.create(model, { send: { value: send } }) as Model;
}

function sendControl(
  kernel: LabKernel | null,
  comm: string,
  content: ToKernel,
  buffers: ArrayBufferView[],
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
