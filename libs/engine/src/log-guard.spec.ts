import { refuseOtherBooks, refuseSealed } from './log-guard.js';

const EMPTY = { hasEvents: false, isSealed: false, movedTo: [] };
const MOVED = { hasEvents: true, isSealed: true, movedTo: ['first-id'] };

describe('a log in EventStoreDB beside one in PostgreSQL', () => {
  it('is the one to work on where that one is empty, or was moved to it', () => {
    expect(() => refuseOtherBooks(EMPTY, { lineage: ['any'] })).not.toThrow();
    expect(() => refuseOtherBooks(MOVED, { lineage: ['first-id'] })).not.toThrow();
  });

  it('still is after it was restored, and has another id since', () => {
    expect(() => refuseOtherBooks(MOVED, { lineage: ['third-id', 'second-id', 'first-id'] })).not.toThrow();
  });

  it('is refused where the events lie elsewhere', () => {
    expect(() => refuseOtherBooks(MOVED, { lineage: ['another-log'] })).toThrow(/finish meterbook migrate-log --to/);
    expect(() => refuseOtherBooks({ ...MOVED, isSealed: false }, { lineage: ['first-id'] })).toThrow(/move them with meterbook migrate-log --to/);
  });
});

it('a log in PostgreSQL is refused once it is sealed', () => {
  expect(() => refuseSealed(EMPTY)).not.toThrow();
  expect(() => refuseSealed(MOVED)).toThrow(/it was moved to another place/);
  expect(() => refuseSealed({ ...MOVED, movedTo: [] })).toThrow(/it is being moved to another place/);
});
