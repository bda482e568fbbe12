import { createRequire } from 'node:module';
import { startSeenEngine } from './engine.js';

// An engine in a process of its own, as the environment sets it, that carries out one command with a trace of the caller's.
const [databaseUrl = '', traceparent = ''] = process.argv.slice(2);
const { LOG_LEVEL = '', OTEL_EXPORTER_OTLP_ENDPOINT = '' } = process.env;
const engine = await startSeenEngine(databaseUrl, { LOG_LEVEL, OTEL_EXPORTER_OTLP_ENDPOINT });
await engine.call('POST', '/v1/accounts', { id: 'acme', catalog: 'kyma' });
const headers = { traceparent, 'idempotency-key': 'k-1', 'x-request-id': 'corr-1' };
const { status } = await engine.call('POST', '/v1/accounts/acme/purchases', { id: 'b-1', amount: '20' }, headers);
await engine.call('GET', '/health/live');
const { body } = await engine.call('GET', '/v1/accounts/acme/events');
await engine.close();
const isSdkLoaded = Object.keys(createRequire(import.meta.url).cache).some((file) => /@opentelemetry\/(?:sdk-|exporter-)/.test(file));
process.stdout.write(`${JSON.stringify({ status, isSdkLoaded, event: body.items[1], token: engine.operatorTokens[0]?.token })}\n`);
process.exit();
