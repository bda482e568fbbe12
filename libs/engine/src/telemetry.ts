import { Metrics } from '#libs/http';
import { packageVersion } from '#libs/process';
import type { Settings } from '#libs/settings';
import { openTracing, Telemetry } from '#libs/telemetry';
import { openLog } from './log.js';

/** What a process tells of itself; `stop` sends the last of it. */
export const openTelemetry = async (process: string, { logLevel, tracesTo }: Settings): Promise<{ readonly telemetry: Telemetry; readonly stop: () => Promise<void> }> => {
  const log = openLog(process, logLevel);
  const version = packageVersion();
  const tracing = await openTracing({ tracesTo, serviceName: process === 'meterbook' ? process : `meterbook-${process}`, version, log });
  return { telemetry: new Telemetry({ metrics: new Metrics(), log, tracing }).introduce(process, version), stop: async () => tracing?.stop() };
};
