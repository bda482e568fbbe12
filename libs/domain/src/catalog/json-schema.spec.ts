import { Ajv } from 'ajv';
import { catalogJsonSchema } from './json-schema.js';
import { catalogText } from './testing/shipped.js';

describe('catalog.schema.json', () => {
  it('is what the code says; run `npm run generate` when it is not', () => {
    expect(catalogText('catalog.schema.json')).toBe(`${JSON.stringify(catalogJsonSchema(), null, 2)}\n`);
  });

  const validate = new Ajv({ strict: true, allErrors: true }).compile(JSON.parse(catalogText('catalog.schema.json')) as object);

  it.each(['kyma', 'ninjachat', 'pixelcredits'])('holds for %s', (name) => {
    const catalog = JSON.parse(catalogText(`${name}.json`)) as { name: string };
    validate(catalog);
    expect(validate.errors).toBeNull();
    expect(catalog.name).toBe(name);
  });

  it('does not hold for a price that is a number, or a member nobody knows', () => {
    const kyma = JSON.parse(catalogText('kyma.json')) as object;
    expect(validate({ ...kyma, colour: 'red' })).toBe(false);
    expect(validate({ ...kyma, rateCard: { models: [{ model: 'm', components: [{ kind: 'flat', price: 1 }] }] } })).toBe(false);
  });
});
