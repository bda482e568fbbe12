import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 262_144;

/** A file as it is read from its start, with the SHA-256 of what has been read so far. */
export class Content {
  private readonly sha = createHash('sha256');
  bytes = 0;

  constructor(private readonly file: string) {}

  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of createReadStream(this.file, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
      this.sha.update(chunk);
      this.bytes += chunk.length;
      yield chunk;
    }
  }

  /** Hexadecimal; call it once, at the end. */
  hash(): string {
    return this.sha.digest('hex');
  }
}

/** Reads a file once, to tell it from every other. */
export const readThrough = async (file: string): Promise<{ hash: string; bytes: number }> => {
  const content = new Content(file);
  for await (const _ of content.chunks());
  return { hash: content.hash(), bytes: content.bytes };
};
