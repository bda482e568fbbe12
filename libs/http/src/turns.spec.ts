import { turnOfItsOwn } from './turns.js';

it('lets one of all long answers work in a turn of the event loop', async () => {
  let turn = 0;
  let watching = true;
  const watch = (): void => { turn += 1; if (watching) setImmediate(watch); };
  setImmediate(watch);
  const workedIn: number[] = [];
  const longAnswer = async (): Promise<void> => {
    for (let slice = 0; slice < 5; slice += 1) {
      await turnOfItsOwn();
      workedIn.push(turn);
    }
  };
  await Promise.all([longAnswer(), longAnswer(), longAnswer()]);
  watching = false;
  expect(workedIn).toHaveLength(15);
  expect(new Set(workedIn).size).toBe(15);
});
