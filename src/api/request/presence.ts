/** Whether somebody waits for an answer: clients disconnect, and what is read for them is then read for nobody. */
export class Presence {
  private readonly callbacks = new Set<() => void>();
  private isGone = false;

  /** Calls back once the client is gone, at once if it is. Returns how to stop listening. */
  readonly whenGone = (callback: () => void): (() => void) => {
    if (this.isGone) callback();
    else this.callbacks.add(callback);
    return () => void this.callbacks.delete(callback);
  };

  leave(): void {
    this.isGone = true;
    for (const callback of this.callbacks) callback();
    this.callbacks.clear();
  }
}
