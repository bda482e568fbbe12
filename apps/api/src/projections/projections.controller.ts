import { Controller, Req } from '@nestjs/common';
import { BillingError } from '#libs/kernel';
import { Handles, type RequestOf } from '#libs/http';
import { Projections, readModelNames, type Rebuildable } from '#libs/read-models';
import { listProjections, rebuildProjection } from './projections.operations.js';
import { Rebuilds } from './rebuilds.js';

const REBUILDABLE: readonly Rebuildable[] = [...readModelNames, 'all'];

/** The read models as such. */
@Controller()
export class ProjectionsController {
  constructor(private readonly projections: Projections, private readonly rebuilds: Rebuilds) {}

  @Handles(listProjections)
  async list() {
    const items = (await this.projections.status()).map((status) => {
      const { name, version, outdated, state, error, position, events, lag } = status;
      return { name, version, outdated, state, error, position, events, lag, rebuild: this.rebuilds.of(status) };
    });
    return { items, nextCursor: null };
  }

  @Handles(rebuildProjection)
  async rebuild(@Req() { params }: RequestOf<typeof rebuildProjection>) {
    const name = REBUILDABLE.find((known) => known === params.name);
    if (name === undefined) throw new BillingError('not_found', 'not_found', { detail: `there is no such read model; there are ${readModelNames.join(', ')}` });
    return { name, rebuild: await this.rebuilds.start(name) };
  }
}
