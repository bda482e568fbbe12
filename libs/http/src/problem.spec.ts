import { BillingError } from '#libs/kernel';
import { problem, problemOf, retryAfterOf } from './problem.js';

describe('problem documents', () => {
  it('show the refusal and its facts', () => {
    const refusal = new BillingError('insufficient', 'insufficient_credits', { detail: 'more than is available', available: '1', required: '2' });
    expect(JSON.stringify(problemOf(refusal))).toBe('{"type":"/problems/insufficient_credits","title":"Insufficient credits","status":402,"detail":"more than is available","code":"insufficient_credits","available":"1","required":"2"}');
  });

  it('never let a fact pass for one of their own members', () => {
    const { status, code, type, title } = problemOf(new BillingError('conflict', 'state_conflict', { status: 200, code: 'x', type: 'y', title: 'z' }));
    expect({ status, code, type, title }).toEqual({ status: 409, code: 'state_conflict', type: '/problems/state_conflict', title: 'State conflict' });
  });

  it('say when to come back', () => {
    expect(retryAfterOf(problem('log_unavailable', {}))).toBe(1);
    expect(retryAfterOf(problemOf(new BillingError('limited', 'daily_cap_exceeded', { retryAfterSeconds: 90 })))).toBe(90);
    expect(retryAfterOf(problem('not_found', {}))).toBeUndefined();
  });
});
