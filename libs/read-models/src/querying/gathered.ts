interface Waiting<Found> {
  readonly resolve: (found: Found | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Look-ups by key. Those asked for while one is at the database share the next, so that the more are asked for, the less
 * each costs. What is answered was read after it was asked for.
 */
export class Gathered<Found> {
  private waiting = new Map<string, Waiting<Found>[]>();
  private reading = false;

  /** @param read finds the rows of these keys, each once; a key that has none is absent */
  constructor(private readonly read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Found>>) {}

  find(key: string): Promise<Found | undefined> {
    return new Promise((resolve, reject) => {
      const others = this.waiting.get(key);
      if (others) others.push({ resolve, reject });
      else this.waiting.set(key, [{ resolve, reject }]);
      if (!this.reading) void this.readAll();
    });
  }

  private async readAll(): Promise<void> {
    this.reading = true;
    // Whatever else this turn of the event loop asks for comes along.
    await new Promise(setImmediate);
    while (this.waiting.size > 0) {
      const { waiting } = this;
      this.waiting = new Map();
      try {
        const found = await this.read([...waiting.keys()]);
        for (const [key, all] of waiting) for (const { resolve } of all) resolve(found.get(key));
      } catch (error) {
        for (const all of waiting.values()) for (const { reject } of all) reject(error);
      }
    }
    this.reading = false;
  }
}
