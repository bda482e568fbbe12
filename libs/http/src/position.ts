import { invalidRequest } from './problem.js';

/** How far an account's stream had got: what a client sends back to read at least that much. */
export interface AccountPosition {
  readonly accountId: string;
  readonly revision: number;
}

export const MIN_POSITION_HEADER = 'meterbook-min-position';

/** Opaque to clients. It names its account, so that reads across accounts can wait for it too. */
export const positionToken = (accountId: string, revision: number): string => Buffer.from(`${revision}@${accountId}`).toString('base64url');

const SHAPE = /^[A-Za-z0-9_-]{4,256}$/;
const CONTENT = /^(0|[1-9][0-9]{0,14})@([A-Za-z0-9._:-]{1,128})$/;

/** @throws invalid/invalid_request unless it is a token that {@link positionToken} made */
export const parsePosition = (token: string, path: string = MIN_POSITION_HEADER): AccountPosition => {
  const [, revision, accountId] = (SHAPE.test(token) ? CONTENT.exec(Buffer.from(token, 'base64url').toString('latin1')) : null) ?? [];
  if (revision === undefined || accountId === undefined) throw invalidRequest(path, 'a position as an earlier answer gave it');
  return { accountId, revision: Number(revision) };
};
