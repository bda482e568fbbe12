/** A W3C trace context as it travels: version, trace, span, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const LENGTH = 55;

export const isTraceparent = (text: unknown): text is string => typeof text === 'string' && TRACEPARENT.test(text);

/** Whether whoever began the trace wants it recorded: the lowest of its flags. */
export const isSampled = (traceparent: string): boolean => (Number.parseInt(traceparent.slice(-2), 16) & 1) === 1;

const END_OF_CAUSE = ',"previousHash":';
const MEMBER = ',"traceparent":"';

/** The trace that an event was recorded in, found in its body without parsing: an envelope names it before its data (see `seal`). */
export const traceparentOf = (body: string): string | undefined => {
  const end = body.indexOf(END_OF_CAUSE);
  const at = end < 0 ? -1 : body.lastIndexOf(MEMBER, end);
  if (at < 0) return undefined;
  const from = at + MEMBER.length;
  const text = body.slice(from, from + LENGTH);
  return isTraceparent(text) ? text : undefined;
};
