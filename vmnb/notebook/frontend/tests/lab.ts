/** A model in JupyterLab, as far as its connection to the kernel is used. */
import type { LabKernel } from "../src/kernel/lab-kernel";
import type { Traits } from "../src/kernel/protocol";
import { ScriptedModel } from "./model";

export interface ControlMessage {
  channel: string;
  header: Record<string, string>;
  content: { comm_id: string; data: { method: string; content: { kind: string } } };
  buffers: ArrayBufferView[];
}

export class FakeKernel implements LabKernel {
  status = "idle";
  connectionStatus = "connected";
  readonly clientId = "page";
  readonly username = "somebody";
  readonly controlled: ControlMessage[] = [];
  private readonly slots = new Set<(sender: unknown, value: string) => void>();
  readonly connectionStatusChanged = {
    connect: (slot: (sender: unknown, value: string) => void) => void this.slots.add(slot),
    disconnect: (slot: (sender: unknown, value: string) => void) => void this.slots.delete(slot),
  };

  sendControlMessage(message: object): void {
    this.controlled.push(message as ControlMessage);
  }

  become(connectionStatus: string): void {
    this.connectionStatus = connectionStatus;
    for (const slot of this.slots) slot(this, connectionStatus);
  }

  get slotCount(): number {
    return this.slots.size;
  }
}

export class LabModel extends ScriptedModel {
  readonly kernel = new FakeKernel();
  readonly widget_manager: { kernel: LabKernel | null } = { kernel: this.kernel };

  constructor(traits: Partial<Traits> = {}) {
    super(traits);
  }
}
