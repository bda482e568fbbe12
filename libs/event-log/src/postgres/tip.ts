/** How far the log is known to reach. Subscriptions wait for it to move. */
export class Tip {
  private number = 0;
  private readonly waiting = new Set<() => void>();

  isPast(position: number): boolean {
    return this.number > position;
  }

  /** What is told late or twice, or is no number, changes nothing. */
  advance(position: number): void {
    if (!(position > this.number)) return;
    this.number = position;
    for (const wake of this.waiting) wake();
  }

  /** Resolves when the log is known to reach past the position, or at the abort. */
  async past(position: number, signal: AbortSignal): Promise<void> {
    while (!this.isPast(position) && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
  }
}
