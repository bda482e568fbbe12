/**
 * One answer for all who ask while it is found, and for a while after: for questions that cost something and may be asked
 * by anyone, any number of times at once. A failure is shared the same way.
 * @param nowMs a clock that never goes back
 */
export const sharedAnswer = <Answer>(ask: () => Promise<Answer>, forMs: number, nowMs: () => number): (() => Promise<Answer>) => {
  let shared: Promise<Answer> | undefined;
  let until = Infinity;
  return () => {
    if (shared === undefined || nowMs() >= until) {
      const asked = ask();
      until = Infinity;
      shared = asked.finally(() => { until = nowMs() + forMs; });
    }
    return shared;
  };
};
