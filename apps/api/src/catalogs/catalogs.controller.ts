import { Controller, Inject, Req, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import type { Clock } from '#libs/kernel';
import { formatAmount } from '#libs/money';
import { catalogFile, catalogVersionOf, normaliseUsage, priceUsage, versionAt, type Catalog, type CatalogVersion } from '#libs/domain';
import { Catalogs, CLOCK, ExecuteCatalogCommand } from '#libs/commands';
import { created, Handles, IDEMPOTENCY_KEY_HEADER, invalidRequest, keyAndId, Metrics, originOf, REPLAYED_HEADER, type RequestOf } from '#libs/http';
import { AccountReads } from '../reading/account-reads.js';
import { estimate, importCatalog, listCatalogs, listPacks, listRateCards, publishRateCard, readCatalog, readPricing, readRateCard } from './catalogs.operations.js';

/** What is sold, and for how much. */
@Controller()
export class CatalogsController {
  constructor(
    private readonly commands: CommandBus, private readonly catalogs: Catalogs, private readonly reads: AccountReads,
    private readonly metrics: Metrics, @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Handles(importCatalog)
  async import(@Req() request: RequestOf<typeof importCatalog>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { params: { catalog: name }, body: { $schema: _, ...file } } = request;
    if (file.name !== name) throw invalidRequest('name', `this path is catalog ${name}'s`);
    const { catalog, ...outcome } = await this.commands.execute(new ExecuteCatalogCommand(name, { type: 'ImportCatalog', file }, originOf(request)));
    this.metrics.command('ImportCatalog', outcome.kind === 'unchanged' ? 'repeated' : 'done');
    if (outcome.kind === 'imported') created(reply, `/v1/catalogs/${name}`);
    return { ...this.shown(catalog), outcome: outcome.kind };
  }

  @Handles(listCatalogs)
  async list() {
    const catalogs = await this.catalogs.list();
    return {
      items: catalogs.map((catalog) => {
        const { name, unit, currency, scale, terms: { description, packs } } = catalog;
        const { models, ...version } = versionAnswer(this.inForce(catalog));
        return { name, description, unit, currency, scale, rateCard: version, models: models.length, packs: packs.length };
      }),
      nextCursor: null,
    };
  }

  @Handles(readCatalog)
  async read(@Req() { params: { catalog } }: RequestOf<typeof readCatalog>) {
    return this.shown(await this.catalogs.get(catalog));
  }

  @Handles(publishRateCard)
  async publish(@Req() request: RequestOf<typeof publishRateCard>, @Res({ passthrough: true }) reply: FastifyReply) {
    const { params: { catalog: name }, body: { id, effectiveFrom, models } } = request;
    const key = keyAndId(request.headers[IDEMPOTENCY_KEY_HEADER], id);
    const command = { type: 'PublishRateCard', id: key.idempotencyKey ?? key.id, effectiveFrom, models } as const;
    const { catalog, ...outcome } = await this.commands.execute(new ExecuteCatalogCommand(name, command, originOf(request)));
    if (outcome.kind !== 'published') throw new TypeError('publishing a rate card publishes it');
    this.metrics.command('PublishRateCard', outcome.repeated ? 'repeated' : 'done');
    if (outcome.repeated) reply.header(REPLAYED_HEADER, 'true');
    created(reply, `/v1/catalogs/${name}/rate-cards/${outcome.version}`);
    return { catalog: name, ...versionAnswer(catalogVersionOf(catalog, outcome.version)) };
  }

  @Handles(listRateCards)
  async listVersions(@Req() { params: { catalog } }: RequestOf<typeof listRateCards>) {
    const { versions } = await this.catalogs.get(catalog);
    return { items: versions.map(versionAnswer).map(({ models, ...version }) => ({ catalog, ...version, models: models.length })), nextCursor: null };
  }

  @Handles(readRateCard)
  async readVersion(@Req() { params: { catalog, version } }: RequestOf<typeof readRateCard>) {
    return { catalog, ...versionAnswer(catalogVersionOf(await this.catalogs.get(catalog), version)) };
  }

  @Handles(readPricing)
  async pricing(@Req() { params: { catalog: name } }: RequestOf<typeof readPricing>) {
    const catalog = await this.catalogs.get(name);
    const { version, effectiveFrom, models } = this.inForce(catalog);
    return { catalog: name, unit: catalog.unit, rateCard: { catalog: name, version }, effectiveFrom, models };
  }

  @Handles(listPacks)
  async packs(@Req() { params: { catalog } }: RequestOf<typeof listPacks>) {
    const { unit, currency, terms: { packs } } = await this.catalogs.get(catalog);
    return {
      items: packs.map(({ id, title, amount, validities }) => ({ id, title, amount, unit, validities: validities.map((validity) => ({ ...validity, currency })) })),
      nextCursor: null,
    };
  }

  @Handles(estimate)
  async estimate(@Req() { body: { catalog: named, accountId, model, usage, parameters } }: RequestOf<typeof estimate>) {
    const name = named ?? await this.reads.catalogOf(accountId as string);
    const catalog = await this.catalogs.get(name);
    const card = versionAt(catalog, this.clock());
    const { cost, exact, breakdown } = priceUsage(card, normaliseUsage(model, usage ?? {}, parameters));
    return { cost: formatAmount(cost), unit: catalog.unit, exact, breakdown, rateCard: { catalog: name, version: card.version } };
  }

  private inForce(catalog: Catalog): CatalogVersion {
    return catalogVersionOf(catalog, versionAt(catalog, this.clock()).version);
  }

  private shown(catalog: Catalog) {
    const inForce = this.inForce(catalog);
    return { ...catalogFile(catalog, inForce), rateCard: versionAnswer(inForce), versions: catalog.versions.length };
  }
}

const versionAnswer = ({ version, effectiveFrom, publishedAt, id, models }: CatalogVersion) => ({ version, effectiveFrom, publishedAt, id, models });
