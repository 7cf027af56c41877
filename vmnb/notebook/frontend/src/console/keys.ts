/** The keys that are ours and not the guest's. */

export interface OwnKeys {
  leave(): void;
  find(): void;
  copy(): void;
  zoom(step: number): void;
  hasSelection(): boolean;
}

/** Whether a key is for the guest; else it is done here, or left to the browser. */
export function isForGuest(event: KeyboardEvent, own: OwnKeys): boolean {
  if (!event.ctrlKey || event.altKey || event.metaKey) return true;
  if (!event.shiftKey) return !(event.key === "v" || (event.key === "c" && own.hasSelection()));
  if (event.code === "KeyV") return false; // the browser pastes
  const act = ours(event, own);
  if (act === undefined) return true;
  event.preventDefault();
  if (event.type === "keydown") act();
  return false;
}

function ours(event: KeyboardEvent, own: OwnKeys): (() => void) | undefined {
  const acts: Record<string, () => void> = {
    Enter: () => own.leave(),
    KeyF: () => own.find(),
    KeyC: () => own.copy(),
    "+": () => own.zoom(1),
    "-": () => own.zoom(-1),
  };
  const shifted: Record<string, string> = { "=": "+", _: "-" };
  return acts[event.code] ?? acts[shifted[event.key] ?? event.key];
}
