import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from './steps.ts';

/** A small house in order; every breach below is planted into it. */
const house: Readonly<Record<string, string>> = {
  'contract/src/datasets.ts': 'export type Dataset = 1;',
  'sdk/src/client.ts':
    "import type { Dataset } from '@tidemill/contract/datasets';\nexport type Client = Dataset;",
  'server/src/base/ids.ts': 'export const id = 1;',
  'server/src/http/server.ts': "import { id } from '../base/ids.ts';\nexport const server = id;",
  'server/src/adapters/db/db.ts': "export type { Kysely } from 'kysely';",
  'server/src/adapters/db/schema.ts': 'export type Tables = 1;',
  'server/src/adapters/db/search-sql.ts': 'export const searchSql = 1;',
  'server/src/adapters/blobs/blobs.ts': 'export type Blobs = 1;',
  'server/src/adapters/blobs/filesystem.ts':
    "import type { Blobs } from './blobs.ts';\nexport const blobs: Blobs = 1;",
  'server/src/models/registry/two.ts': 'export type Two = 2;',
  'server/src/testing/platform.ts': "import { app } from '../app.ts';\nexport const platform = app;",
  'server/src/data/datasets/rules.ts': 'export type Row = 1;\nexport const limit = 1;',
  'server/src/data/datasets/store.ts':
    "import { sql } from 'kysely';\nimport type { Tables } from '../../adapters/db/schema.ts';\nimport { searchSql } from '../../adapters/db/search-sql.ts';\nexport const store = [sql, searchSql];\nexport type T = Tables;",
  'server/src/data/datasets/service.ts':
    "import type { Blobs } from '../../adapters/blobs/blobs.ts';\nimport { store } from './store.ts';\nexport const datasets = store;\nexport type B = Blobs;",
  'server/src/data/profiling/service.ts':
    "import { datasets } from '../datasets/service.ts';\nimport type { Row } from '../datasets/rules.ts';\nexport const profiling = datasets;\nexport type R = Row;",
  'server/src/app.ts':
    "import { blobs } from './adapters/blobs/filesystem.ts';\nimport { profiling } from './data/profiling/service.ts';\nexport const app = [blobs, profiling];",
  'server/src/main.ts': "import { app } from './app.ts';\nexport const main = app;",
  'cli/src/commands/up.ts': "export const up = () => import('@tidemill/server/main');",
  'examples/story/main.ts': "import type { Client } from '@tidemill/sdk/client';\nexport type C = Client;",
  'server/src/data/datasets/service.test.ts':
    "import { platform } from '../../testing/platform.ts';\nplatform;",
};

/** [file, its source, the rule that must refuse it] */
// biome-ignore format: one breach per line reads as the table it is
const breaches: readonly (readonly [file: string, source: string, rule: string])[] = [
  ['server/src/base/upward.ts', "import type { Row } from '../data/datasets/rules.ts';\nexport type R = Row;", 'downward-base'],
  ['server/src/http/upward.ts', "import type { Blobs } from '../adapters/blobs/blobs.ts';\nexport type B = Blobs;", 'downward-http'],
  ['server/src/access/audit/service.ts', "import { datasets } from '../../data/datasets/service.ts';\nexport const a = datasets;", 'downward-access'],
  ['server/src/platform/tasks/wired.ts', "import { app } from '../../app.ts';\nexport const a = app;", 'downward-platform'],
  ['server/src/serving/endpoints/inside.ts', "import { store } from '../../data/datasets/store.ts';\nexport const s = store;", 'domain-through-its-service'],
  ['server/src/serving/endpoints/decides.ts', "import { limit } from '../../data/datasets/rules.ts';\nexport const l = limit;", 'rules-of-others-as-types'],
  ['server/src/http/rows.ts', "import { store } from '../data/datasets/store.ts';\nexport const s = store;", 'store-is-private'],
  ['server/src/data/datasets/kind.ts', "import { blobs } from '../../adapters/blobs/filesystem.ts';\nexport const b = blobs;", 'adapters-by-their-port'],
  ['server/src/adapters/online/online.ts', "import { blobs } from '../blobs/filesystem.ts';\nexport const b = blobs;", 'adapters-apart'],
  ['server/src/data/datasets/query.ts', "import { sql } from 'kysely';\nexport const s = sql;", 'sql-in-stores'],
  ['server/src/data/datasets/search.ts', "import { searchSql } from '../../adapters/db/search-sql.ts';\nexport const s = searchSql;", 'search-sql-in-stores'],
  ['server/src/data/datasets/engine.ts', "import { DatabaseSync } from 'node:sqlite';\nexport const d = DatabaseSync;", 'engines-behind-ports'],
  ['server/src/data/datasets/fake.ts', "import { platform } from '../../testing/platform.ts';\nexport const p = platform;", 'testing-for-tests'],
  ['server/src/models/registry/one.ts', "import type { Two } from './two.ts';\nexport type One = Two | 1;", 'no-circle-of-files'],
  ['server/src/data/datasets/sideways.ts', "import { profiling } from '../profiling/service.ts';\nexport const p = profiling;", 'no-circle-of-domains'],
  ['contract/src/upward.ts', "import type { Client } from '@tidemill/sdk/client';\nexport type C = Client;", 'contract-stands-alone'],
  ['sdk/src/upward.ts', "import type { app } from '@tidemill/server/app';\nexport type A = typeof app;", 'sdk-on-contract'],
  ['server/src/sideways.ts', "import type { Client } from '@tidemill/sdk/client';\nexport type C = Client;", 'server-on-contract'],
  ['web/src/door.tsx', "import type { app } from '@tidemill/server/app';\nexport type A = typeof app;", 'web-through-sdk'],
  ['cli/src/commands/data.ts', "export const late = () => import('@tidemill/server/main');", 'cli-through-sdk'],
  ['examples/story/contract.ts', "import type { Dataset } from '@tidemill/contract/datasets';\nexport type D = Dataset;", 'examples-through-sdk'],
  ['sdk/src/unlisted.ts', "import { sql } from 'kysely';\nexport const s = sql;", 'listed-packages-only'],
  ['sdk/src/nowhere.ts', "import { x } from './not-there.ts';\nexport const y = x;", 'resolvable'],
];

type Violation = { readonly from: string; readonly rule: { readonly name: string } };

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidemill-import-order-'));
  await mkdir(join(folder, 'node_modules/@tidemill'), { recursive: true });
  await symlink(join(root, 'node_modules/kysely'), join(folder, 'node_modules/kysely'));
  for (const name of ['contract', 'sdk', 'server', 'cli', 'web']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'package.json'), await readFile(join(root, name, 'package.json')));
    await symlink(join(folder, name), join(folder, 'node_modules/@tidemill', name));
  }
  await plant(Object.entries(house));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function plant(files: readonly (readonly [file: string, source: string])[]): Promise<void> {
  for (const [file, source] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), `${source}\n`);
  }
}

function cruise(): Promise<readonly Violation[]> {
  const parameters = ['--config', join(root, '.dependency-cruiser.cjs'), '--output-type', 'json'];
  const program = join(root, 'node_modules/.bin/depcruise');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, ...parameters, 'contract', 'sdk', 'server', 'cli', 'web', 'examples'],
      { cwd: folder, maxBuffer: 64 * 2 ** 20 },
      (error, stdout, stderr) => {
        // The exit code counts violations; only output that is no report is a failure.
        if (!stdout.startsWith('{')) return reject(error ?? new Error(stderr));
        resolve(JSON.parse(stdout).summary.violations);
      },
    );
  });
}

test('a house in order is accepted, tests stand outside; every planted breach is refused by its rule', async () => {
  await mkdir(join(folder, 'web/src'), { recursive: true });
  await mkdir(join(folder, 'examples'), { recursive: true });
  expect(await cruise()).toEqual([]);

  const closing = "import type { One } from './one.ts';\nexport type Two = One | 2;";
  await plant([
    ...breaches.map(([file, source]) => [file, source] as const),
    ['server/src/models/registry/two.ts', closing],
  ]);
  const found = new Set((await cruise()).map((violation) => `${violation.rule.name}: ${violation.from}`));
  for (const [file, , rule] of breaches) {
    const from = rule === 'no-circle-of-domains' ? dirname(file) : file;
    expect([...found], `${file} must be refused`).toContain(`${rule}: ${from}`);
  }
});

test('every rule says why and what to do instead', async () => {
  const { default: config } = await import(join(root, '.dependency-cruiser.cjs'));
  for (const rule of config.forbidden) expect(rule.comment, rule.name).toMatch(/\S.{30,} Instead: \S/);
});
