import 'reflect-metadata';
import { Body, Controller, HttpCode, Inject, Module, Param, Post } from '@nestjs/common';
import type { HoldBody, SettleBody } from './wire.js';
import { answerParent } from '../support/child.js';
import { GroupCommit } from './group-commit.js';
import { listenWithNest } from './nest.js';
import { bodiesOf, RowWriter, type BodySizes } from './rows.js';

const BODIES = Symbol('bodies');

/** Floor (b) of S1: as floor (a), on Nest. No CommandBus, no validation, no engine. */
@Controller('v1')
class FloorController {
  constructor(private readonly log: GroupCommit, @Inject(BODIES) private readonly bodies: { hold: string; settle: string }) {}

  @Post('holds')
  async hold(@Body() { id, accountId }: HoldBody): Promise<object> {
    const position = await this.log.append({ stream: `account-${accountId}`, type: 'HoldPlaced', body: this.bodies.hold });
    return { id, accountId, position };
  }

  @Post('accounts/:accountId/holds/:id/settle')
  @HttpCode(200)
  async settle(@Param('accountId') accountId: string, @Param('id') id: string, @Body() _body: SettleBody): Promise<object> {
    const position = await this.log.append({ stream: `account-${accountId}`, type: 'UsageSettled', body: this.bodies.settle });
    return { id, accountId, position };
  }
}

@Module({})
class FloorModule {}

const start = async ({ url, sizes }: { url: string; sizes: BodySizes }): Promise<number> => {
  const log = new GroupCommit(await RowWriter.open(url));
  return listenWithNest({
    module: FloorModule, controllers: [FloorController],
    providers: [{ provide: GroupCommit, useValue: log }, { provide: BODIES, useValue: bodiesOf(sizes) }],
  });
};

answerParent({ start });
