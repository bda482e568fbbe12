/** How far the log is known to reach. Subscriptions wait for it to move. */
export class Tip {
  private number = 0;
  private timesTold = 0;
  private readonly waiting = new Set<() => void>();

  isPast(position: number): boolean {
    return this.number > position;
  }

  /** How often it was told of a commit, whatever that changed. */
  get told(): number { return this.timesTold; }

  /** What is told late or twice, or is no number, moves nothing. */
  advance(position: number): void {
    this.timesTold += 1;
    if (!(position > this.number)) return;
    this.number = position;
    for (const wake of this.waiting) wake();
  }

  /**
   * A read found nothing after the position. Where the tip was past it, the log went back in time, and so does the tip:
   * whoever waits would be sent to read again at once, for ever. Unless it was told of a commit since the read began,
   * which that may have missed: of one in a log that went back the tip may be far ahead, so that it counts though it moved nothing.
   * @param told as it was before the read
   */
  foundNothingAfter(position: number, told: number): void {
    if (told === this.timesTold) this.number = Math.min(this.number, position);
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
