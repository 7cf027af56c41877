/** What a person is told when the kernel does not answer. */
import { isRunning, labKernel } from "./lab-kernel";
import type { Model } from "./protocol";

/** A kernel that says nothing for so long is busy or gone. */
export const PATIENCE_MS = 2000;

const LOST = "The page has lost its connection to the kernel; what you do here is sent when it is back.";
const RUNNING = "The kernel is running a cell, and takes clicks and keys only after it.";
const UNKNOWN = "The kernel has not answered yet: it is running a cell, or gone.";

export function silenceText(model: Model): string {
  const { connectionStatus } = labKernel(model) ?? {};
  if (connectionStatus !== undefined && connectionStatus !== "connected") return LOST;
  const words = isRunning(model) ? RUNNING : UNKNOWN;
  return `${words} ${model.get("reach")?.advice ?? ""}`.trim();
}
