/** Makes the compiler list every place that has to learn a new case. */
export const assertNever = (value: never): never => {
  throw new TypeError(`unexpected ${JSON.stringify(value)}`);
};
