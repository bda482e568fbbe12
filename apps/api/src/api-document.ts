import { openApiDocument } from '#libs/http';
import { OPERATIONS } from './operations.js';

const TAGS = [
  { name: 'Accounts', description: 'Whose credit it is. Everything that belongs to an account has the account in its path.' },
  { name: 'Credit', description: 'Money and credit coming in, and going back.' },
  { name: 'Holds', description: 'Credit reserved for work about to happen, and charged when it has.' },
  { name: 'Usage', description: 'Usage reported after the fact, and the log of all usage.' },
  { name: 'Reading', description: 'What an account stands at, and what happened to it. Projections of the event log.' },
  { name: 'Catalogs', description: 'What is sold, and for how much.' },
  { name: 'Audit', description: 'The events themselves, each chained to the one before it by its hash.' },
  { name: 'System', description: 'The engine about itself.' },
];

const DESCRIPTION = `
Meters, charges and explains what metered APIs use: every purchase, hold, charge, refund and expiry is an immutable event.

- **Amounts** are strings: exact decimals without trailing zeros, never in exponent form. Quantities are JSON integers or decimal strings.
- **Times** are RFC 3339, answered in UTC with milliseconds.
- **Ids** come from the caller, unique within their account. A command sent again under its id, or its \`Idempotency-Key\`, with the same content is answered as the first time, with \`Idempotent-Replayed: true\`; with other content it is refused (409).
- **Answers of commands** carry the balance after them and a \`position\`. A read sent with it as \`Meterbook-Min-Position\` shows at least that much.
- **Errors** are problem documents (RFC 9457) with a stable \`code\`.
- **X-Request-Id** is taken from the request, or made, and stands in every event the request led to.
`.trim();

export const apiDocument = (version: string): Record<string, unknown> => openApiDocument(OPERATIONS, { title: 'Meterbook', version, description: DESCRIPTION, tags: TAGS });
