import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

export interface Content {
  /** SHA-256, hexadecimal. */
  readonly hash: string;
  readonly bytes: number;
}

/** Reads a file once to tell it from every other. */
export const contentOf = async (file: string, onProgress: (bytes: number) => void): Promise<Content> => {
  const sha = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 }) as AsyncIterable<Buffer>) {
    sha.update(chunk);
    bytes += chunk.length;
    onProgress(bytes);
  }
  return { hash: sha.digest('hex'), bytes };
};
