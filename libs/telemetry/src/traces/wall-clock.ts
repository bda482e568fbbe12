/** How far clocks run apart in a while, and are set right, is less than anybody sees in a trace. */
const SET_EVERY_MS = 60_000;

let offset = Date.now() - performance.now();
let setAt = performance.now();

/**
 * An instant of `performance.now()` in milliseconds of the wall clock, with fractions. The same for all spans: the SDK's
 * own reckoning differs by up to a millisecond from span to span, so that a child may end after its parent.
 */
export const wallClock = (at: number): number => {
  const now = performance.now();
  if (now - setAt > SET_EVERY_MS) {
    offset = Date.now() - now;
    setAt = now;
  }
  return offset + at;
};
