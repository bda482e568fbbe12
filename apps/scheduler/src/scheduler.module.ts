import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';

/** Carries out what is due, by the commands and read models it is given. */
@Module({})
export class SchedulerModule {
  static forRoot(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return { module: SchedulerModule, imports };
  }
}
