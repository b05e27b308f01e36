import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type {
  DatasetVersion,
  Expectation,
  ExpectationList,
  Page,
  SuggestedExpectations,
  ValidationResult,
  ValidationSummary,
} from '@tidemill/contract';
import type { Changes } from '../../access/audit/service.ts';
import type { SubjectHolder } from '../../access/erasures/service.ts';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import type { Clock } from '../../base/clock.ts';
import { errors } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { decodeCursor, defaultPageSize, isText, toPage } from '../../base/page.ts';
import { toUri } from '../../base/references.ts';
import type { CommitCandidate, CommitVerdict, Datasets } from '../datasets/service.ts';
import { type FileToCheck, typeFile } from './file-to-check.ts';
import { createDistributionJudge, type Subject } from './other-version.ts';
import { refusalOf } from './refusal.ts';
import { assertFits, countsOf, parseExpectations, statusOf } from './rules.ts';
import { assertSqlRuns } from './sql-trial.ts';
import { type ExpectationsRevision, validationStore } from './store.ts';
import { suggestExpectations } from './suggestions.ts';
import { checkTable } from './table-check.ts';
import { titleOf } from './titles.ts';

export interface ValidationDependencies {
  readonly db: Db;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly analytics: Analytics;
  readonly compute: Pick<Compute, 'compute'>;
  readonly datasets: Pick<
    Datasets,
    'find' | 'getVersion' | 'get' | 'resolve' | 'source' | 'setValidation' | 'listErased'
  >;
  /** For files on their way. */
  readonly tempFolder: string;
}

type Cause = ValidationResult['cause'];

/** Results of refused commits that are kept; those of versions stay as long as the dataset. */
const keptRefusals = 100;

/** What is expected of a dataset, and what its versions were found to be. */
export function createValidation(deps: ValidationDependencies) {
  const { db, changes, clock, analytics, datasets } = deps;
  const store = validationStore(db);
  const judgeDistributions = createDistributionJudge(deps);

  async function check(
    { name, columns, rows, table, before }: Subject,
    { expectations, revision }: ExpectationsRevision,
    cause: Cause,
    caller: Caller,
  ): Promise<ValidationResult> {
    const start = performance.now();
    const context = { name, columns, table, now: clock.now(), rowsBefore: before?.rows ?? null };
    const outcomes = await checkTable(analytics, expectations, {
      ...context,
      judgeDistribution: (expectation) =>
        judgeDistributions({ name, columns, rows, table, before }, expectation, caller.workspace),
    });
    return {
      id: newId('validation'),
      dataset: name,
      version: null,
      cause,
      status: statusOf(outcomes),
      revision,
      rows,
      ...countsOf(outcomes),
      durationMs: Math.round(performance.now() - start),
      createdAt: context.now,
      createdBy: caller.actor,
      outcomes,
    };
  }

  const before = async (version: DatasetVersion, workspace: string): Promise<DatasetVersion | null> =>
    version.parent === null
      ? null
      : datasets.find({ name: version.dataset, version: String(version.parent) }, workspace);

  async function expectationsOf(name: string, workspace: string): Promise<ExpectationsRevision> {
    return (await store.findExpectations(workspace, name)) ?? noExpectations;
  }

  /** @throws expectationInvalid, datasetVersionNotFound where one names a version that is not there */
  async function assertUsable(
    name: string,
    list: readonly unknown[],
    caller: Caller,
  ): Promise<Expectation[]> {
    const expectations = parseExpectations(name, list);
    const latest = await datasets.find({ name, version: 'latest' }, caller.workspace);
    if (latest) assertFits(name, expectations, latest.columns);
    await assertSqlRuns(analytics, name, expectations, latest && (await datasets.source(latest)));
    return expectations;
  }

  const keep = (tx: Db, workspace: string, result: ValidationResult): Promise<void> =>
    validationStore(tx).insertResult(workspace, result);

  async function refuse(result: ValidationResult, caller: Caller): Promise<never> {
    const { workspace } = caller;
    await changes.run(caller, async (tx, note) => {
      await keep(tx, workspace, result);
      await validationStore(tx).pruneRefused(workspace, result.dataset, keptRefusals);
      const detail = { validation: result.id, failed: result.failed };
      note({ action: 'dataset.refused', subject: toUri('dataset', result.dataset), detail });
    });
    throw errors.datasetRefused(refusalOf(result));
  }

  return {
    /** @throws expectationInvalid naming the place in the list */
    assertUsable,

    async getExpectations(
      { name, revision }: { name: string; revision?: number | undefined },
      caller: Caller,
    ): Promise<ExpectationList> {
      const found = await store.findExpectations(caller.workspace, name, revision);
      if (!found) await datasets.get({ name }, caller);
      return toList(name, found ?? noExpectations);
    },

    /** Null where none were ever set; the dataset need not be there. */
    findExpectations: async (name: string, workspace: string): Promise<Expectation[] | null> =>
      (await store.findExpectations(workspace, name))?.expectations ?? null,

    async putExpectations(
      input: { name: string; expectations: readonly unknown[] },
      caller: Caller,
    ): Promise<ExpectationList & { unchanged: boolean }> {
      const { name } = input;
      const { workspace, actor } = caller;
      const expectations = await assertUsable(name, input.expectations, caller);
      return changes.run(caller, async (tx, note) => {
        const inside = validationStore(tx);
        const now = (await inside.findExpectations(workspace, name)) ?? noExpectations;
        if (isDeepStrictEqual(now.expectations, expectations))
          return { ...toList(name, now), unchanged: true };
        const next = { revision: now.revision + 1, expectations, createdAt: clock.now(), createdBy: actor };
        await inside.insertExpectations(workspace, name, next);
        const detail = { revision: next.revision, expectations: expectations.map(titleOf).slice(0, 50) };
        note({ action: 'dataset.expectationsSet', subject: toUri('dataset', name), detail });
        return { ...toList(name, next), unchanged: false };
      });
    },

    async suggest(input: { name: string; version: string }, caller: Caller): Promise<SuggestedExpectations> {
      const version = await datasets.getVersion(input, caller);
      const expectations = await suggestExpectations(
        analytics,
        version,
        await datasets.source(version),
        clock.now(),
      );
      return { reference: version.reference, expectations, titles: expectations.map(titleOf) };
    },

    async validate(input: { name: string; version: string }, caller: Caller): Promise<ValidationResult> {
      const version = await datasets.getVersion(input, caller);
      const expected = await expectationsOf(input.name, caller.workspace);
      const table = await datasets.source(version);
      const subject = {
        name: input.name,
        columns: version.columns,
        rows: version.rows,
        table,
        before: await before(version, caller.workspace),
      };
      const found = await check(subject, expected, 'request', caller);
      const result = { ...found, version: version.version };
      await changes.run(caller, async (tx, note) => {
        await validationStore(tx).deleteRequested(caller.workspace, input.name, version.version);
        await keep(tx, caller.workspace, result);
        await datasets.setValidation(tx, caller.workspace, version, result.status);
        note({ action: 'dataset.validated', subject: version.uri, detail: { status: result.status } });
      });
      return result;
    },

    /** Of a file that is not committed; nothing is kept. */
    async validateFile(input: FileToCheck, caller: Caller): Promise<ValidationResult> {
      const folder = join(deps.tempFolder, newId('validation'));
      try {
        const { columns, rows, path } = await typeFile(analytics, input, folder);
        const latest = await datasets.find({ name: input.name, version: 'latest' }, caller.workspace);
        const subject = { name: input.name, columns, rows, table: { paths: [path] }, before: latest };
        return await check(subject, await expectationsOf(input.name, caller.workspace), 'file', caller);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },

    async list(
      input: {
        name: string;
        version?: string | undefined;
        cursor?: string | undefined;
        limit?: number | undefined;
      },
      caller: Caller,
    ): Promise<Page<ValidationSummary>> {
      const limit = input.limit ?? defaultPageSize;
      const { version, name } = input;
      const number =
        version === undefined ? undefined : (await datasets.getVersion({ name, version }, caller)).version;
      const before = input.cursor ? decodeCursor(input.cursor, isText) : undefined;
      const found = await store.listResults(caller.workspace, name, {
        version: number,
        before,
        limit: limit + 1,
      });
      return toPage(found, limit, ({ id }) => id);
    },

    async get({ name, id }: { name: string; id: string }, caller: Caller): Promise<ValidationResult> {
      const found = await store.findResult(caller.workspace, name, id);
      if (!found) throw errors.validationNotFound({ id, name });
      return found;
    },

    /** What a commit asks before its rows become a version. @throws datasetRefused */
    async checkCommit(candidate: CommitCandidate, caller: Caller): Promise<CommitVerdict | null> {
      const { workspace, name, columns, rows } = candidate;
      const expected = await expectationsOf(name, workspace);
      if (expected.expectations.length === 0) return null;
      const latest = await candidate.before();
      // The same content again makes no version.
      if (latest?.digest === candidate.digest) return null;
      const subject = { name, columns, rows, table: await candidate.table(), before: latest };
      const result = await check(subject, expected, 'commit', caller);
      if (result.status === 'failed') return refuse(result, caller);
      return {
        status: result.status,
        record: (tx, { version }) => keep(tx, workspace, { ...result, version }),
      };
    },

    /** Examples of rows that failed: the only rows that are kept here. */
    subjectHolder: {
      name: 'validations',
      after: ['datasets'],
      find: async () => [],
      async erase({ erasure, caller }) {
        const erased = await datasets.listErased(erasure);
        await transact(db, async (tx) => {
          for (const [name, numbers] of erased)
            await validationStore(tx).forgetSamples(caller.workspace, name, numbers);
        });
        return {};
      },
    } satisfies SubjectHolder,

    /** With the dataset goes what was expected of it. */
    forget: (tx: Db, workspace: string, name: string): Promise<void> =>
      validationStore(tx).deleteAll(workspace, name),
  };
}

export type Validation = ReturnType<typeof createValidation>;

const noExpectations: ExpectationsRevision = { revision: 0, expectations: [], createdAt: 0, createdBy: '' };

const toList = (
  dataset: string,
  { revision, expectations, createdAt, createdBy }: ExpectationsRevision,
): ExpectationList => ({
  dataset,
  revision,
  expectations,
  titles: expectations.map(titleOf),
  createdAt: revision === 0 ? null : createdAt,
  createdBy: revision === 0 ? null : createdBy,
});
