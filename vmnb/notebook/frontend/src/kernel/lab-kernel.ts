/** What JupyterLab and Jupyter Notebook tell of their connection to the kernel; elsewhere nothing. */
import type { Model } from "./protocol";

interface Signal {
  connect(slot: (sender: unknown, value: string) => void): void;
  disconnect(slot: (sender: unknown, value: string) => void): void;
}

/** JupyterLab's `Kernel.IKernelConnection`, of which another front end may have a part. */
export interface LabKernel {
  status?: string;
  connectionStatus?: string;
  connectionStatusChanged?: Signal;
  clientId?: string;
  username?: string;
  sendControlMessage?(message: object): unknown;
}

export function labKernel(model: Model): LabKernel | null {
  const { widget_manager: manager } = model as { widget_manager?: { kernel?: LabKernel | null } };
  const kernel = manager?.kernel;
  return typeof kernel === "object" ? kernel : null;
}

/** Whether the kernel runs a cell, as far as the front end tells. */
export function isRunning(model: Model): boolean {
  return labKernel(model)?.status === "busy";
}

/** Call `back` each time the page has its connection again; the function returned ends that. */
export function onReconnect(model: Model, back: () => void): () => void {
  const signal = labKernel(model)?.connectionStatusChanged;
  const slot = (_: unknown, status: string) => {
    if (status === "connected") back();
  };
  signal?.connect?.(slot);
  return () => signal?.disconnect?.(slot);
}
