import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Value = { readonly stringValue?: string; readonly intValue?: number | string; readonly boolValue?: boolean };
type Attribute = { readonly key: string; readonly value: Value };

/** A span as it arrived. */
export interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** As OTLP counts: 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number;
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  /** 2: a failure. */
  readonly status: number | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly ExportedSpan[] }[];
  }[];
}

interface ExportedSpan {
  readonly name: string; readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly kind: number;
  readonly startTimeUnixNano: string; readonly endTimeUnixNano: string; readonly status?: { readonly code?: number }; readonly attributes: readonly Attribute[];
}

const valuesOf = (attributes: readonly Attribute[]): CollectedSpan['attributes'] => Object.fromEntries(attributes.map(({ key, value }) =>
  [key, value.stringValue ?? value.boolValue ?? (value.intValue === undefined ? undefined : Number(value.intValue))]));

/** The least that takes traces over HTTP: an OpenTelemetry collector for a spec. */
export class Collector {
  readonly spans: CollectedSpan[] = [];
  /** Everything that was posted, whole. */
  readonly bodies: string[] = [];
  private readonly server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      this.bodies.push(body);
      if (request.url === '/v1/traces') this.take(JSON.parse(body) as Exported);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });

  static async start(): Promise<Collector> {
    const collector = new Collector();
    collector.server.listen(0, '127.0.0.1');
    await once(collector.server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Of one trace, in the order they began. */
  trace(traceId: string): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId).sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private take({ resourceSpans }: Exported): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(valuesOf(resource.attributes)['service.name']);
      for (const { name, traceId, spanId, parentSpanId, kind, startTimeUnixNano, endTimeUnixNano, status, attributes } of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({
          service, name, traceId, spanId, parentSpanId: parentSpanId || undefined, kind, status: status?.code, // eslint-disable-line
          startedAt: BigInt(startTimeUnixNano), endedAt: BigInt(endTimeUnixNano), attributes: valuesOf(attributes),
        });
      }
    }
  }
}
