/** So many may work at once; the others follow in the order in which they came. */
export class Slots {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  async use<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.free === 0) await new Promise<void>((resolve) => { this.waiting.push(resolve); });
    else this.free -= 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }
}

/** What belongs to one key is done one after another, in the order in which it came. */
export class Turns {
  private readonly last = new Map<string, Promise<void>>();

  async take<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.last.get(key);
    let done = (): void => undefined;
    const turn = new Promise<void>((resolve) => { done = resolve; });
    this.last.set(key, turn);
    try {
      if (before) await before;
      return await work();
    } finally {
      done();
      if (this.last.get(key) === turn) this.last.delete(key);
    }
  }
}
