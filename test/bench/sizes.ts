/** How much each run does. Ratios need no size; growth and restarts mean little at a small one. */
export interface Size {
  readonly name: 'smoke' | 'small' | 'full';
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly accounts: number;
  readonly connections: number;
  readonly callers: number;
  readonly replay: { readonly accounts: number; readonly events: number };
  /** Events of one account, few and many. */
  readonly growth: { readonly few: number; readonly many: number };
  /** Events replayed for memory, fewer and more. */
  readonly memory: { readonly fewer: number; readonly more: number };
  readonly restart: { readonly events: number; readonly accounts: number };
}

const common = { connections: 64, callers: 256 } as const;

export const SIZES: Readonly<Record<Size['name'], Size>> = {
  /** Does everything run, and are the results right? Seconds, for CI. */
  smoke: {
    ...common, name: 'smoke', rounds: 1, warmUpMs: 200, measureMs: 500, accounts: 200,
    replay: { accounts: 50, events: 5_000 }, growth: { few: 200, many: 2_000 }, memory: { fewer: 2_000, more: 5_000 }, restart: { accounts: 20, events: 1_000 },
  },
  small: {
    ...common, name: 'small', rounds: 3, warmUpMs: 4_000, measureMs: 2_000, accounts: 10_000,
    replay: { accounts: 1_000, events: 100_000 }, growth: { few: 1_000, many: 30_000 }, memory: { fewer: 30_000, more: 100_000 }, restart: { accounts: 1_000, events: 30_000 },
  },
  full: {
    ...common, name: 'full', rounds: 5, warmUpMs: 5_000, measureMs: 5_000, accounts: 10_000,
    replay: { accounts: 1_000, events: 1_000_000 }, growth: { few: 1_000, many: 1_000_000 }, memory: { fewer: 1_000_000, more: 10_000_000 }, restart: { accounts: 1_000, events: 1_000_000 },
  },
};
