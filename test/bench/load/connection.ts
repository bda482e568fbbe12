import { connect, type Socket } from 'node:net';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
const LENGTH = /\r\ncontent-length: (\d+)/i;

/**
 * One HTTP/1.1 connection kept alive, with one request at a time. It reads as little of an answer as tells where it ends,
 * so that the generator stays far cheaper than what it measures.
 */
export class Connection {
  private socket: Socket | undefined;
  private partial: Buffer | undefined;

  /** @param onAnswer is given the status and the bytes, which are valid during the call */
  constructor(private readonly port: number, private readonly onAnswer: (status: number, bytes: Buffer) => void, private readonly onLost: (error: Error) => void) {}

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const received = Buffer.allocUnsafe(64 * 1_024);
      const socket = connect({
        port: this.port, host: '127.0.0.1', noDelay: true,
        onread: { buffer: received, callback: (bytes, buffer) => { this.read((buffer as Buffer).subarray(0, bytes)); return true; } },
      });
      socket.once('connect', () => { resolve(); });
      socket.once('error', (error) => { reject(error); this.onLost(error); });
      socket.once('end', () => { this.onLost(new Error('the server closed the connection')); });
      this.socket = socket;
    });
  }

  send(request: Buffer): void {
    this.socket?.write(request);
  }

  close(): void {
    this.socket?.destroy();
  }

  private read(chunk: Buffer): void {
    const bytes = this.partial ? Buffer.concat([this.partial, chunk]) : chunk;
    const end = endOf(bytes);
    if (end < 0 || end > bytes.length) {
      this.partial = this.partial ? bytes : Buffer.from(bytes);
      return;
    }
    this.partial = undefined;
    const status = (bytes[9]! - 48) * 100 + (bytes[10]! - 48) * 10 + (bytes[11]! - 48);
    this.onAnswer(status, bytes);
  }
}

/** Where the answer ends; -1 while that cannot be told. */
const endOf = (bytes: Buffer): number => {
  const head = bytes.indexOf(END_OF_HEAD);
  if (head < 0) return -1;
  const length = LENGTH.exec(bytes.toString('latin1', 0, head));
  if (!length) throw new Error(`an answer without content-length: ${bytes.toString('latin1', 0, head)}`);
  return head + END_OF_HEAD.length + Number(length[1]);
};
