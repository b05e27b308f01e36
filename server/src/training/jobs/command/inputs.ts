/** What a command reads: dataset versions as Parquet, model versions as folders, plain files as they are. */
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Lineage } from '../../../access/lineage/service.ts';
import type { Analytics } from '../../../adapters/analytics/analytics.ts';
import type { Blobs } from '../../../adapters/blobs/blobs.ts';
import { type Db, transact } from '../../../adapters/db/db.ts';
import { digestOf } from '../../../base/digest-of.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import { toUri } from '../../../base/references.ts';
import type { Datasets } from '../../../data/datasets/service.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { JobFiles } from '../files/job-files.ts';
import { type CommandRecord, filesOf } from '../rules.ts';
import type { CommandFolder } from './folder.ts';

/** A model version as the registry, which stands above us, gives it. */
export interface InputModel {
  readonly reference: string;
  readonly uri: string;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

export interface InputsDependencies {
  readonly db: Db;
  readonly analytics: Pick<Analytics, 'exportFile'>;
  readonly blobs: Pick<Blobs, 'localPath'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly experiments: Pick<Experiments, 'logInputs'>;
  readonly lineage: Pick<Lineage, 'recordEdges'>;
  readonly files: JobFiles;
  resolveModel(reference: string, workspace: string): Promise<InputModel>;
}

const modelPrefix = 'model:';
const isModel = (reference: string): boolean => reference.startsWith(modelPrefix);
/** A name of MLflow's may hold anything; a folder's may not. */
const toFileName = (reference: string): string => encodeURIComponent(reference).replaceAll('%40', '@');

export function createCommandInputs(deps: InputsDependencies) {
  const { db, analytics, blobs, datasets, experiments, lineage, files } = deps;

  const findModel = (reference: string, workspace: string) =>
    deps.resolveModel(reference.slice(modelPrefix.length), workspace);

  async function find(reference: string, workspace: string): Promise<{ pinned: string; digest: string }> {
    if (!isModel(reference)) {
      const version = await datasets.resolve(reference, workspace);
      return { pinned: version.reference, digest: version.digest };
    }
    const model = await findModel(reference, workspace);
    const digest = digestOf(model.files.map(({ path, sha256 }) => [path, sha256]));
    return { pinned: `${modelPrefix}${model.reference}`, digest };
  }

  /** Versions are never made anew under an old number, so what is there is what was asked for. */
  async function assertThere({ workspace }: CommandRecord, reference: string): Promise<void> {
    await find(reference, workspace).catch((error: unknown) => {
      if (!(error instanceof TidemillError) || error.status !== 404) throw error;
      throw errors.jobInputGone({ reference }, error);
    });
  }

  async function writeDataset(job: CommandRecord, reference: string, to: string, signal: AbortSignal) {
    const version = await datasets.resolve(reference, job.workspace);
    await analytics.exportFile({ table: await datasets.source(version), format: 'parquet', to, signal });
    const input = { name: version.dataset, digest: version.digest.slice(0, 36), sourceType: 'tidemill' };
    const rest = { source: version.uri, schema: null, profile: null, tags: [] };
    await experiments.logInputs(job.runId, [{ ...input, ...rest }], job.workspace);
  }

  async function writeModel(job: CommandRecord, reference: string, folder: string): Promise<void> {
    const model = await findModel(reference, job.workspace);
    for (const { path, sha256 } of model.files) {
      const to = join(folder, path);
      await mkdir(dirname(to), { recursive: true });
      await copyFile(await blobs.localPath(sha256), to);
    }
    const edge = { from: model.uri, to: toUri('run', job.runId), relation: 'input' };
    await transact(db, (tx) => lineage.recordEdges(tx, job.workspace, [edge]));
  }

  return {
    /** Each reference with its version as a number, so that a job says what it read for ever. @throws what resolving throws */
    async pin(references: readonly string[], workspace: string): Promise<string[]> {
      const pinned: string[] = [];
      for (const reference of references) pinned.push((await find(reference, workspace)).pinned);
      return pinned;
    },

    /** What each reference stands for, by digest. @throws what resolving throws */
    async digests(references: readonly string[], workspace: string): Promise<Record<string, string>> {
      const found: Record<string, string> = {};
      for (const reference of references) found[reference] = (await find(reference, workspace)).digest;
      return found;
    },

    /** The paths by what was asked for. @throws jobInputGone */
    async write(
      job: CommandRecord,
      folder: CommandFolder,
      signal: AbortSignal,
    ): Promise<Record<string, string>> {
      const written: Record<string, string> = {};
      for (const reference of job.spec.inputs) {
        await assertThere(job, reference);
        const path = join(folder.inputs, toFileName(reference));
        written[reference] = isModel(reference) ? path : `${path}.parquet`;
        if (isModel(reference)) await writeModel(job, reference, path);
        else await writeDataset(job, reference, `${path}.parquet`, signal);
      }
      for (const { path } of await files.write(filesOf(job), 'input', folder.inputs))
        written[path] = join(folder.inputs, path);
      return written;
    },
  };
}

export type CommandInputs = ReturnType<typeof createCommandInputs>;
