import type { RecordedEvent } from '../event-log.js';
import { numbered } from '../testing/events.js';
import { Follower } from './follower.js';
import { positionOf } from './position.js';

const recorded = (after: number, end: number, body = '{}'): RecordedEvent[] =>
  numbered(end - after, (n) => ({ id: '', type: 'Tested', body, stream: 's', revision: n, position: positionOf(after + n + 1) }));
const handOver = (follower: Follower, before: number, end: number, body?: string): boolean =>
  follower.offer(before, end, () => recorded(before, end, body));
const taken = (follower: Follower, most = 1_000): number[] => follower.take(most).map(({ position }) => Number(position));

describe('a follower', () => {
  it('takes what follows on where it is, in order and in pieces', () => {
    const follower = new Follower(5);
    expect([handOver(follower, 5, 7), handOver(follower, 7, 10)]).toEqual([true, true]);
    expect([taken(follower, 3), taken(follower, 3), taken(follower, 3)]).toEqual([[6, 7, 8], [9, 10], []]);
    expect(handOver(follower, 10, 11)).toBe(true);
    expect(taken(follower)).toEqual([11]);
  });

  it('stops at a gap, with what it has', () => {
    const follower = new Follower(5);
    handOver(follower, 5, 6);
    expect(handOver(follower, 8, 9)).toBe(false);
    expect([taken(follower), follower.at]).toEqual([[6], 6]);
  });

  it('passes over what it has read already', () => {
    const follower = new Follower(5);
    expect([handOver(follower, 3, 5), handOver(follower, 5, 6)]).toEqual([true, true]);
    expect(taken(follower)).toEqual([6]);
  });

  it.each([['events', 9_000, '{}'], ['bytes', 20, 'x'.repeat(1_000_000)]])('stops when too many %s wait to be taken', (_, count, body) => {
    const follower = new Follower(0);
    expect(handOver(follower, 0, count, body)).toBe(true);
    expect(handOver(follower, count, count + 1)).toBe(false);
    expect(taken(follower, 100_000)).toHaveLength(count);
    expect(handOver(follower, count, count + 1)).toBe(true);
  });
});
