import { hash } from 'node:crypto';
import { CONTENT_SECURITY, docsPage, type ShownDocument } from './page.js';

const document = (summary: string): ShownDocument => ({
  info: { title: 'Meterbook', version: '1', description: 'Counts `usage`.' },
  tags: [{ name: 'Holds', description: 'Reserve.' }],
  paths: { '/v1/holds': { post: {
    operationId: 'placeHold', tags: ['Holds'], summary, description: '', security: [],
    requestBody: { content: { 'application/json': { schema: { type: 'object', properties: { id: { type: 'string' }, grant: { $ref: '#/components/schemas/Grant' } }, required: ['id'] } } } },
    responses: { 201: { description: 'Placed.', content: { 'application/json': { schema: {}, example: { id: 'h' } } } } },
  } } },
  components: { schemas: { Grant: { type: 'object', properties: { amount: { type: 'string', description: 'How much.' } } } } },
});

describe('the page of the API document', () => {
  it('shows operations, members and examples', () => {
    const page = docsPage(document('Place a hold'));
    for (const shown of ['<a href="#placeHold">Place a hold</a>', '<code>/v1/holds</code>', '<code>amount</code>', 'How much.', '&quot;id&quot;: &quot;h&quot;', '<code>usage</code>']) expect(page).toContain(shown);
  });

  it('escapes what it shows', () => expect(docsPage(document('<script>alert(1)</script>'))).not.toContain('<script>'));

  it('allows its own style and nothing else', () => {
    const style = /<style>([\s\S]*?)<\/style>/.exec(docsPage(document('x')))?.[1] as string;
    expect(CONTENT_SECURITY).toContain(`'sha256-${hash('sha256', style, 'base64')}'`);
    expect(CONTENT_SECURITY).toContain("default-src 'none'");
  });
});
