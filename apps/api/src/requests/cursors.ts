import { invalidRequest } from '#libs/http';

/** Cursors are opaque to callers: the last item's key, where the page is in the order of one. */
export const cursorOf = (key: string): string => Buffer.from(key).toString('base64url');

/** @throws invalid/invalid_request unless the cursor holds text like the keys */
export const keyIn = (cursor: string, shape: RegExp = /^[!-~]{1,256}$/): string => {
  const key = Buffer.from(cursor, 'base64url').toString();
  if (!shape.test(key)) throw invalidRequest('cursor', 'a cursor as an earlier page gave it');
  return key;
};
