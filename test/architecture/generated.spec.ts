import { readFileSync } from 'node:fs';
import { eventReference } from '#libs/domain';

describe('generated documents', () => {
  it('docs/events is what the code defines (npm run generate)', () => {
    expect(readFileSync('docs/events/README.md', 'utf8')).toBe(eventReference());
  });
});
