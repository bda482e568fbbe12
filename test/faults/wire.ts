import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Which request a connection breaks at, and on which side of its effect. */
export interface Break {
  readonly isAt: (request: Buffer) => boolean;
  /** The request is lost, or its answer is: who asked cannot tell which. */
  readonly loses: 'request' | 'answer';
}

/** A line between clients and a server that can be cut, at once or in the middle of what is said, and that can go silent. */
export class Wire {
  private readonly sockets = new Set<Socket>();
  private readonly breaks: Break[] = [];
  private isSilent = false;

  private constructor(private readonly listener: Server, readonly port: number) {}

  /** Whoever connects to the wire's port is connected to this one. */
  static async to(port: number): Promise<Wire> {
    const listener = createServer((client) => wire.join(client, connect(port, '127.0.0.1'))).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const wire = new Wire(listener, (listener.address() as AddressInfo).port);
    return wire;
  }

  /** All connections; new ones work. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** The next connections with such a request break at it, one for each. */
  breakAt(...breaks: readonly Break[]): void {
    this.breaks.push(...breaks);
  }

  /** What was to break, and had no occasion to, does not any more. */
  mend(): void {
    this.breaks.length = 0;
  }

  /** Nothing comes through, and nobody is told. */
  silence(): void {
    this.isSilent = true;
    for (const socket of this.sockets) socket.pause();
  }

  /** What was said meanwhile arrives now. */
  resume(): void {
    this.isSilent = false;
    for (const socket of this.sockets) socket.resume();
  }

  async close(): Promise<void> {
    const closed = once(this.listener, 'close');
    this.listener.close();
    this.cut();
    await closed;
  }

  private join(client: Socket, server: Socket): void {
    let answerIsLost = false;
    const cut = (): void => {
      for (const socket of [client, server]) socket.resetAndDestroy();
    };
    client.on('data', (request: Buffer) => {
      const at = this.breaks.findIndex(({ isAt }) => isAt(request));
      const [broken] = at < 0 ? [] : this.breaks.splice(at, 1);
      if (broken?.loses === 'request') cut();
      else server.write(request);
      answerIsLost ||= broken?.loses === 'answer';
    });
    server.on('data', (answer: Buffer) => {
      if (answerIsLost) cut();
      else client.write(answer);
    });
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      if (this.isSilent) socket.pause();
      socket.on('error', () => other.resetAndDestroy());
      socket.once('close', () => {
        this.sockets.delete(socket);
        other.destroySoon(); // what it was told last still arrives
      });
    }
  }
}
