/** A line of a file as it stands there, without its end. */
export interface Line {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  /** Bytes from the start of the file to where the next line begins. */
  readonly end: number;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Longer lines are cut, so that a file without any line ends cannot fill the memory. */
export const MAX_LINE_BYTES = 1_048_576;

/** Lines that end in LF or CRLF, whatever the chunks; a byte order mark is no part of the first. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let begun: Buffer = Buffer.alloc(0);
  let end = 0;
  let number = 0;
  const line = (from: Buffer, next: Buffer, bytes: number): Line => {
    const whole = from.length === 0 ? next : Buffer.concat([from, next]);
    const text = textOf(whole.subarray(0, MAX_LINE_BYTES));
    number += 1;
    end += bytes;
    return { number, text: number === 1 ? text.replace(/^\uFEFF/, '') : text, end };
  };
  let cut = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
      yield line(begun, chunk.subarray(start, at), cut + begun.length + at + 1 - start);
      begun = Buffer.alloc(0);
      cut = 0;
      start = at + 1;
    }
    const rest = chunk.subarray(start);
    const kept = rest.subarray(0, Math.max(0, MAX_LINE_BYTES - begun.length));
    cut += rest.length - kept.length;
    begun = Buffer.concat([begun, kept]);
  }
  if (begun.length > 0) yield line(begun, Buffer.alloc(0), cut + begun.length);
}

const textOf = (bytes: Buffer): string => bytes.toString('utf8', 0, bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length);
