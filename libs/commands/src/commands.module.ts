import { Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { Clock } from '#libs/kernel';
import type { EventLog, StreamLeases, StreamMemory } from '#libs/event-log';
import { Accounts, type TraceOrder } from './accounts.js';
import { Catalogs } from './catalogs.js';
import { ExecuteAccountHandler, ExecuteCatalogHandler } from './handlers.js';
import { CLOCK, EVENT_LOG, LEASES, STREAM_MEMORY } from './tokens.js';

export interface CommandsOptions {
  readonly log: EventLog;
  readonly memory: StreamMemory;
  readonly leases: StreamLeases;
  readonly clock: Clock;
  readonly onSnapshotFailed: (stream: string, error: unknown) => void;
  readonly traceOrder?: TraceOrder | undefined;
}

/** The command side: CommandBus handlers over the log. Nest's EventBus carries nothing here: a crash would lose it. */
@Module({})
export class CommandsModule {
  static forRoot({ log, memory, leases, clock, onSnapshotFailed, traceOrder }: CommandsOptions): DynamicModule {
    const catalogs = new Catalogs(log, clock);
    return {
      module: CommandsModule,
      global: true,
      imports: [CqrsModule.forRoot()],
      providers: [
        { provide: EVENT_LOG, useValue: log }, { provide: STREAM_MEMORY, useValue: memory },
        { provide: LEASES, useValue: leases }, { provide: CLOCK, useValue: clock },
        { provide: Catalogs, useValue: catalogs },
        { provide: Accounts, useValue: new Accounts({ log, memory, catalogs, leases, clock, onSnapshotFailed, traceOrder }) },
        ExecuteAccountHandler, ExecuteCatalogHandler,
      ],
      exports: [EVENT_LOG, STREAM_MEMORY, LEASES, CLOCK, Catalogs, Accounts, CqrsModule],
    };
  }
}
