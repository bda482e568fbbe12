/**
 * One answer for all who ask while it is found, and for a while after: for questions that cost something and may be asked
 * by anyone, any number of times at once. A failure is shared the same way.
 */
export const sharedAnswer = <Answer>(ask: () => Promise<Answer>, forMs: number): (() => Promise<Answer>) => {
  let shared: Promise<Answer> | undefined;
  let until = Infinity;
  return () => {
    if (shared === undefined || performance.now() >= until) {
      until = Infinity;
      shared = ask().finally(() => { until = performance.now() + forMs; });
    }
    return shared;
  };
};
