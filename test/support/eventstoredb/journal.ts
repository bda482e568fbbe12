import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { ProposedEvent } from './stream-store.js';

type Entry =
  | { readonly append: string; readonly events: readonly { id: string; type: string; contentType: string; data: string; metadata: string }[] }
  | { readonly delete: string }
  | { readonly tombstone: string };

/** Keeps a double's log in a file, a line for each write. What was written before a `kill -9` is there after it. */
export class Journal {
  private readonly file: number;
  private readonly entries: Entry[];

  constructor(path: string) {
    this.file = openSync(path, 'a+');
    const text = readFileSync(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    ftruncateSync(this.file, Buffer.byteLength(whole)); // a line that was cut off was never acknowledged
    this.entries = whole.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Entry);
  }

  replay(store: {
    append(stream: string, events: readonly ProposedEvent[]): void; delete(stream: string): void; tombstone(stream: string): void;
  }): void {
    for (const entry of this.entries.splice(0)) {
      if ('delete' in entry) store.delete(entry.delete);
      else if ('tombstone' in entry) store.tombstone(entry.tombstone);
      else store.append(entry.append, entry.events.map(({ data, metadata, ...event }) => ({
        ...event, data: Buffer.from(data, 'base64'), metadata: Buffer.from(metadata, 'base64'),
      })));
    }
  }

  append(stream: string, events: readonly ProposedEvent[]): void {
    this.write({ append: stream, events: events.map(({ data, metadata, ...event }) => ({
      ...event, data: Buffer.from(data).toString('base64'), metadata: Buffer.from(metadata).toString('base64'),
    })) });
  }

  delete(stream: string): void {
    this.write({ delete: stream });
  }

  tombstone(stream: string): void {
    this.write({ tombstone: stream });
  }

  close(): void {
    closeSync(this.file);
  }

  private write(entry: Entry): void {
    writeSync(this.file, `${JSON.stringify(entry)}\n`);
  }
}
