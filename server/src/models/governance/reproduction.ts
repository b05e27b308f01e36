/** Makes a model version again from its bundle alone, and says at each step whether it came out equal. */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Content, DatasetVersion, Reproduction } from '@tidemill/contract';
import type { Analytics, TableSource } from '../../adapters/analytics/analytics.ts';
import type { Compute } from '../../adapters/executor/executor.ts';
import { systemCaller } from '../../base/caller.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { parseReference } from '../../base/references.ts';
import type { Datasets, Manifest } from '../../data/datasets/service.ts';
import { createTrainingSets } from '../../data/features/service.ts';
import type { Learners } from '../../training/learners/service.ts';
import { digestFiles } from '../registry/service.ts';
import { type Bundle, type BundledSource, chunkPath, openBundle } from './bundle.ts';

export interface ReproductionDependencies {
  readonly analytics: Analytics;
  readonly compute: Pick<Compute, 'compute'>;
  readonly datasets: Pick<Datasets, 'digestOf' | 'digestOfManifest'>;
  readonly learners: Pick<Learners, 'parseRecipe' | 'retrain'>;
  readonly tempFolder: string;
}

type Step = Reproduction['steps'][number];

/** A chunk is one run of rows whatever its content says about borders. */
const wholeFile = { minimum: 2 ** 31, average: 2 ** 31, maximum: 2 ** 31 };
const notReached = 'not reached';

export function createReproductions(deps: ReproductionDependencies) {
  const { analytics, compute, datasets, learners, tempFolder } = deps;

  /** Step 1: the rows are those the digests stand for; a chunk that differs is named with its rows. */
  async function verifySource({ version, manifest }: BundledSource, folder: string): Promise<Step> {
    const faults: string[] = [];
    const chunks: { digest: string; rows: number }[] = [];
    let start = 0;
    for (const [i, expected] of manifest.chunks.entries()) {
      const found = await digestChunk(join(folder, chunkPath(version.reference, i)), manifest);
      const place = `${version.reference} chunk ${i + 1} of ${manifest.chunks.length} (rows ${start + 1} to ${start + expected.rows})`;
      start += expected.rows;
      if ('fault' in found) faults.push(`${place} ${found.fault}`);
      else if (found.digest !== expected.digest) {
        faults.push(
          `${place} differs: expected ${expected.digest.slice(0, 12)}…, found ${found.digest.slice(0, 12)}…`,
        );
      }
      chunks.push('fault' in found ? { digest: '', rows: 0 } : found);
    }
    const actual = datasets.digestOfManifest({ columns: manifest.columns, chunks });
    if (faults.length === 0 && actual !== version.digest)
      faults.push('the manifest is not that of the digest');
    return {
      name: `source ${version.reference}`,
      equal: actual === version.digest && faults.length === 0,
      expected: version.digest,
      actual,
      detail:
        faults.length > 0
          ? faults.join('; ')
          : `${start} rows in ${chunks.length} chunk${chunks.length === 1 ? '' : 's'}`,
    };
  }

  async function digestChunk(
    path: string,
    { columns }: Manifest,
  ): Promise<{ digest: string; rows: number } | { fault: string }> {
    try {
      const found = await analytics.describeFile(path);
      const spell = (list: Manifest['columns']) => list.map(({ name, type }) => `${name} ${type}`).join(', ');
      if (spell(found.columns) !== spell(columns))
        return { fault: `has the columns ${spell(found.columns)}` };
      const { chunks } = await analytics.digestFile(path, { sizes: wholeFile });
      const [only] = chunks;
      return only ? { digest: only.digest, rows: only.rows } : { fault: 'has no rows' };
    } catch (error) {
      return { fault: `cannot be read: ${reasonOf(error)}` };
    }
  }

  /** Step 2: the training set out of its sources, by the engine that built it. */
  async function rebuild(bundle: Bundle, folder: string): Promise<TableSource> {
    const { definition, trainingSet } = bundle;
    if (definition === null) return sourceOf(findSource(bundle, trainingSet.reference), folder);
    const path = join(folder, 'training-set.parquet');
    const trainingSets = createTrainingSets({
      analytics,
      compute,
      tempFolder: join(folder, 'tmp'),
      resolveView: async (reference) => findView(bundle, reference),
      resolveService: async (reference) => findService(bundle, reference),
      datasets: {
        resolve: async (reference) => findSource(bundle, reference).version,
        source: async (version) => sourceOf(findSource(bundle, version.reference), folder),
        commitParquet: async (commit) => {
          await copyFile(commit.path, path);
          return { ...trainingSet, unchanged: true };
        },
      },
    });
    await trainingSets.create(definition, systemCaller('reproduction', 'reproduction'));
    return { paths: [path] };
  }

  async function verifyTrainingSet(bundle: Bundle, built: TableSource): Promise<Step> {
    const { reference, digest } = bundle.trainingSet;
    const [path] = built.paths;
    // Not built but taken as it is: the step before has judged it.
    const actual = bundle.definition === null || path === undefined ? digest : await datasets.digestOf(path);
    const detail =
      bundle.definition === null
        ? 'it is a source itself; nothing to build'
        : `built again from ${bundle.sources.map(({ version }) => version.reference).join(', ')}`;
    return {
      name: `training set ${reference}`,
      equal: actual === digest,
      expected: digest,
      actual,
      detail: actual === digest ? detail : `${detail}; its rows differ`,
    };
  }

  /** Step 3: the model folder out of the training set, byte for byte. */
  async function retrain(bundle: Bundle, built: TableSource, signal?: AbortSignal): Promise<Step> {
    const recipe = learners.parseRecipe(bundle.recipe, bundle.model);
    const files = await learners.retrain(recipe, built, signal ? { signal } : {});
    const found = [...files].map(([path, bytes]) => ({
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }));
    const actual = digestFiles(found);
    const expected = new Map(bundle.files.map((file) => [file.path, file.sha256]));
    const paths = [...new Set([...expected.keys(), ...found.map((file) => file.path)])].sort();
    const hashes = new Map(found.map((file) => [file.path, file.sha256]));
    const differing = paths.filter((path) => expected.get(path) !== hashes.get(path));
    return {
      name: `model ${bundle.model}`,
      equal: actual === bundle.digest && differing.length === 0,
      expected: bundle.digest,
      actual,
      detail:
        differing.length > 0
          ? `these files differ: ${differing.join(', ')}${erasedText(bundle)}`
          : `${paths.length} files, each equal`,
    };
  }

  async function run(bundle: Bundle, folder: string, signal?: AbortSignal): Promise<Step[]> {
    const steps: Step[] = [];
    for (const source of bundle.sources) steps.push(await verifySource(source, folder));
    const trainingStep = `training set ${bundle.trainingSet.reference}`;
    const modelStep = `model ${bundle.model}`;
    try {
      const built = await rebuild(bundle, folder);
      steps.push(await verifyTrainingSet(bundle, built));
      steps.push(await retrain(bundle, built, signal));
    } catch (error) {
      if (!(error instanceof TidemillError) || error.status >= 500 || signal?.aborted) throw error;
      const isBuilt = steps.some((step) => step.name === trainingStep);
      if (!isBuilt) steps.push(failed(trainingStep, bundle.trainingSet.digest, error.message));
      steps.push(failed(modelStep, bundle.digest, isBuilt ? error.message : notReached));
    }
    return steps;
  }

  return {
    /** Needs nothing but the bundle, leaves nothing behind. @throws bundleInvalid */
    async reproduce(content: Content, signal?: AbortSignal): Promise<Reproduction> {
      const folder = join(tempFolder, newId('reproduction'));
      await mkdir(folder, { recursive: true });
      try {
        const bundle = await openBundle(content, folder);
        const steps = await run(bundle, folder, signal);
        return { model: bundle.model, equal: steps.every((step) => step.equal), steps };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Why a model that was made of all the rows cannot come out equal. */
function erasedText({ sources }: Bundle): string {
  const texts = sources.flatMap(({ version, erasures = [] }) =>
    erasures.map(
      ({ rows, oldDigest }) =>
        `${rows} rows were erased by request from ${version.reference}, which was ${oldDigest.slice(0, 12)}…`,
    ),
  );
  return texts.length > 0 ? `; ${texts.join('; ')}` : '';
}

const failed = (name: string, expected: string, detail: string): Step => ({
  name,
  equal: false,
  expected,
  actual: '',
  detail,
});

function sourceOf({ version, manifest }: BundledSource, folder: string): TableSource {
  const paths = manifest.chunks.map((_, i) => join(folder, chunkPath(version.reference, i)));
  return paths.length > 0 ? { paths } : { paths, columns: manifest.columns };
}

/** By number, tag or `latest`, among what the bundle holds. */
function findSource(bundle: Bundle, reference: string): BundledSource {
  const { name, version } = parseReference(reference);
  const sameName = bundle.sources
    .filter((source) => source.version.dataset === name)
    .sort((a, b) => b.version.version - a.version.version);
  const isMeant = (found: DatasetVersion) =>
    String(found.version) === version || found.tags.includes(version) || version === 'latest';
  const found = sameName.find((source) => isMeant(source.version));
  if (found) return found;
  throw errors.bundleInvalid({ part: 'bundle.json', reason: `it does not hold the dataset ${reference}` });
}

function findView(bundle: Bundle, reference: string) {
  const found = bundle.views.find((view) => view.reference === reference);
  if (found) return found;
  throw errors.bundleInvalid({ part: 'bundle.json', reason: `it does not hold the view ${reference}` });
}

function findService(bundle: Bundle, reference: string) {
  const found = bundle.services?.find((service) => service.reference === reference);
  if (found) return found;
  throw errors.bundleInvalid({
    part: 'bundle.json',
    reason: `it does not hold the feature service ${reference}`,
  });
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
