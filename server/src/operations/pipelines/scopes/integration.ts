/** Integration: from the pinned rows to a fitted model, end to end, in a scratch that leaves nothing behind. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ModelVersion } from '@tidemill/contract';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { OpenRuntime } from '../../../adapters/inference/inference.ts';
import { ifThere } from '../../../base/if-there.ts';
import { parseUri } from '../../../base/references.ts';
import type { Datasets } from '../../../data/datasets/service.ts';
import type { Learners } from '../../../training/learners/service.ts';
import { check, count, type Finding, failed, passed, skipped } from '../checks.ts';
import type { Scope, ScopeWork } from './scope.ts';

export interface IntegrationDependencies {
  readonly analytics: Pick<Analytics, 'copy'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source' | 'verify'>;
  readonly learners: Pick<Learners, 'parseRecipe' | 'read' | 'train'>;
  readonly openRuntime: OpenRuntime;
}

const sampleRows = 500;

export function createIntegrationScope({
  analytics,
  datasets,
  learners,
  openRuntime,
}: IntegrationDependencies): Scope {
  /** Every row is digested anew and held against what the version promises. */
  async function verify(
    uri: string,
    expected: string | null,
    { caller, signal }: ScopeWork,
  ): Promise<Finding> {
    const found = await ifThere(datasets.resolve(uri, caller.workspace));
    if (!found) return failed(`${uri} is not there any more`);
    if (expected !== null && found.digest !== expected)
      return failed(`${found.reference} has the digest ${found.digest}, the recipe names ${expected}`);
    const key = { name: found.dataset, version: String(found.version) };
    let cursor: string | undefined;
    do {
      signal.throwIfAborted();
      const reply = await datasets.verify({ ...key, ...(cursor !== undefined && { cursor }) }, caller);
      const [first] = reply.damage;
      if (first)
        return failed(
          `${found.reference} is damaged: rows ${first.firstRow} to ${first.lastRow}, ${first.problem}`,
        );
      cursor = reply.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return passed(`${count(found.rows)} of ${found.reference} are what its digest says`, {
      rows: found.rows,
    });
  }

  async function train({ version, caller, signal, folder }: ScopeWork): Promise<Finding> {
    if (version.recipe === null)
      return skipped(
        'it was not made by a learner of this server, so there is no recipe to follow; tidemill reproduce runs its command again',
      );
    const recipe = learners.parseRecipe(version.recipe, version.reference);
    const set = await datasets.resolve(recipe.trainingSet.reference, caller.workspace);
    const sample = join(folder, 'sample.parquet');
    const sql = `select * from training limit ${sampleRows}`;
    await analytics.copy({ sql, tables: { training: await datasets.source(set) }, to: sample, signal });
    const columns = { ...recipe, reference: set.reference };
    const table = await learners.read({ paths: [sample] }, columns, signal);
    const holdout = Math.max(0.2, recipe.holdout);
    const made = await learners.train(table, { ...recipe, holdout }, { signal });
    const numbers = { rows: made.trainingRows, holdoutRows: made.holdoutRows, ...made.metrics };
    const unfit = Object.entries(made.metrics).filter(([, value]) => !Number.isFinite(value));
    const told = `${recipe.learner} on ${count(made.trainingRows)}, judged on ${made.holdoutRows}`;
    if (unfit.length > 0 || Object.keys(made.metrics).length === 0)
      return failed(`${told}: ${unfit.map(([name]) => name).join(', ') || 'no metric'} is no finite number`, {
        numbers,
      });
    await writeAll(folder, made.files);
    const answer = await askFirst(
      openRuntime,
      version,
      join(folder, 'model', 'model.onnx'),
      table.features.columns,
    );
    return Number.isFinite(answer)
      ? passed(
          `${told}: ${Object.entries(made.metrics)
            .map(([name, value]) => `${name} ${short(value)}`)
            .join(', ')}`,
          numbers,
        )
      : failed(`${told}: the model that was made predicts ${answer}`, { numbers });
  }

  return async (work) => {
    const { trainingSet, recipe } = work.version;
    const checks = [];
    if (trainingSet === null)
      checks.push(
        await check('dataset', work.signal, async () =>
          skipped('which dataset version it learned from is not known'),
        ),
      );
    else {
      checks.push(await check('dataset', work.signal, () => verify(trainingSet, digestIn(recipe), work)));
      for (const source of await sourcesOf(trainingSet, work))
        checks.push(await check(source, work.signal, () => verify(source, null, work)));
    }
    checks.push(await check('training', work.signal, () => train(work)));
    return checks;
  };

  /** What the training set itself was made of. */
  async function sourcesOf(uri: string, { caller }: ScopeWork): Promise<string[]> {
    const version = await ifThere(datasets.resolve(uri, caller.workspace));
    return (version?.provenance.inputs ?? []).filter((input) => parseUri(input).kind === 'dataset');
  }
}

async function writeAll(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of files) {
    const to = join(folder, 'model', path);
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, bytes);
  }
}

async function askFirst(
  openRuntime: OpenRuntime,
  { reference }: ModelVersion,
  path: string,
  columns: readonly ArrayLike<number>[],
): Promise<number> {
  const runtime = await openRuntime({ kind: 'onnx', model: `${reference} on a sample`, path });
  try {
    const row = Float32Array.from(columns, (column) => column[0] ?? Number.NaN);
    return (await runtime.predict(row, 1, columns.length))[0] ?? Number.NaN;
  } finally {
    await runtime.close();
  }
}

function digestIn(recipe: ModelVersion['recipe']): string | null {
  const set = recipe?.trainingSet;
  const digest = typeof set === 'object' && set !== null && 'digest' in set ? set.digest : null;
  return typeof digest === 'string' ? digest : null;
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
