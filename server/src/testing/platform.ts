import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DestinationPolicy } from '../adapters/network/network.ts';
import type { SourcePolicy } from '../adapters/sources/sources.ts';
import { createApp } from '../app.ts';
import type { Caller } from '../base/caller.ts';
import type { Clock } from '../base/clock.ts';
import { createLogger, type Logger } from '../base/logger.ts';
import { readBuildEnvironment, readCommandEnvironment, type TracesConfig } from '../config.ts';
import { copyMigrated } from './migrated-databases.ts';

export const owner: Caller = { actor: 'user:owner', role: 'admin', workspace: 'default' };

/** The whole server on a temporary folder: real SQLite, real files, HTTP by `http.inject`. */
export async function createTestPlatform(
  options: {
    clock?: Clock;
    logger?: Logger;
    host?: string;
    dataFolder?: string;
    artifactFolder?: string;
    corsOrigins?: string[];
    trustedProxies?: string[];
    defaultEndpoint?: string;
    webhookDestinations?: DestinationPolicy;
    sources?: Partial<SourcePolicy>;
    postgres?: string;
    leaseMs?: number;
    inferenceMaxBytes?: number;
    eraseGraceMs?: number;
    traces?: TracesConfig;
  } = {},
) {
  const folder = options.dataFolder ?? mkdtempSync(join(tmpdir(), 'tidemill-test-'));
  if (!options.postgres) await copyMigrated(join(folder, 'tidemill.db'));
  const app = await createApp({
    config: {
      host: options.host ?? '127.0.0.1',
      port: 0,
      dataFolder: folder,
      database: options.postgres
        ? { kind: 'postgres', url: options.postgres }
        : { kind: 'sqlite', durability: 'process' },
      blobs: { kind: 'filesystem' },
      online: { kind: 'sqlite' },
      watchViews: true,
      artifactFolder: options.artifactFolder ?? null,
      allowedHosts: [],
      corsOrigins: options.corsOrigins ?? [],
      trustedProxies: options.trustedProxies ?? [],
      defaultEndpoint: options.defaultEndpoint ?? null,
      logLevel: 'silent',
      secretKey: null,
      webhookDestinations: options.webhookDestinations ?? { schemes: ['https'], allowPrivate: false },
      sources: { roots: [], allowPrivate: false, maxBytes: 1 << 30, ...options.sources },
      webFolder: null,
      traces: options.traces ?? null,
      models: { python: process.env.TIDEMILL_TEST_PYTHON ?? null, memoryBytes: 2e9 },
      inference: { grpcPort: null, maxBytes: options.inferenceMaxBytes ?? 1 << 26 },
      jobCapacity: { cpu: 2, memoryBytes: 4e9, gpu: 0 },
      commandEnvironment: readCommandEnvironment(process.env),
      buildEnvironment: readBuildEnvironment(process.env),
    },
    logger: options.logger ?? createLogger('silent'),
    ...(options.clock && { clock: options.clock }),
    ...(options.leaseMs && { leaseMs: options.leaseMs }),
    ...(options.eraseGraceMs !== undefined && { eraseGraceMs: options.eraseGraceMs }),
  });
  await app.start();
  return {
    ...app,
    folder,
    caller: owner,
    async close(): Promise<void> {
      await app.close();
      if (!options.dataFolder) rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type TestPlatform = Awaited<ReturnType<typeof createTestPlatform>>;
