import { Module, type DynamicModule, type ModuleMetadata } from '@nestjs/common';

/** Applies events to the read models it is given. */
@Module({})
export class ProjectorModule {
  static forRoot(imports: NonNullable<ModuleMetadata['imports']>): DynamicModule {
    return { module: ProjectorModule, imports };
  }
}
