/** Where a version comes from and what its files are, when they are ours. */
import type { LoggedModel, Page, Run } from '@tidemill/contract';
import type { Db } from '../../adapters/db/db.ts';
import type { Caller } from '../../base/caller.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import { getModel } from './lookup.ts';
import { type ArtifactOwner, type ModelFolderDependencies, readModelFolder } from './model-folder.ts';
import {
  type FolderContent,
  isPrompt,
  type ModelFile,
  noContent,
  type Origin,
  parseStage,
  promptTag,
} from './rules.ts';
import { parseSource, type Source } from './source.ts';
import { findTrainingSet, type TrainingSetDependencies } from './training-set.ts';
import { versionStore } from './version-store.ts';

export interface VersionSourceDependencies extends ModelFolderDependencies, TrainingSetDependencies {
  readonly db: Db;
  /** What the inputs of a model were in the dataset version that it learned from. */
  rangesOf(
    trainingSet: string,
    inputs: readonly string[],
    workspace: string,
  ): Promise<FolderContent['trainingRange']>;
  readonly experiments: {
    getRun(input: { id: string }, caller: Caller): Promise<Run>;
    /** `mlflow-artifacts:/`, or the URI of the folder into which clients write by themselves. */
    readonly artifactRoot: string;
    /** Files below a folder of the artifacts of a run or logged model, from its root. */
    artifactPaths(ownerId: string, folder: string, workspace: string): Promise<readonly string[]>;
    /** The same files as blobs. */
    artifactFiles(ownerId: string, folder: string, workspace: string): Promise<readonly ModelFile[]>;
    findArtifactFile(ownerId: string, path: string, workspace: string): Promise<ModelFile | null>;
    getLoggedModel(input: { id: string }, caller: Caller): Promise<LoggedModel>;
    searchLoggedModels(
      input: { experimentIds: readonly string[]; filter: string; orderBy: readonly string[]; limit: number },
      caller: Caller,
    ): Promise<Page<LoggedModel>>;
  };
}

export interface SourceClaim {
  readonly source: string;
  /** What the client says besides; it must not contradict the source. */
  readonly runId: string | null;
  readonly loggedModel: string | null;
}

type Found = Origin & FolderContent;

/** Where MLflow's users, and our jobs, log the one model of a run. */
const defaultFolder = 'model';
const mostLoggedModels = 1000;

/** What MLflow's client gives for prompts, whose text is in a tag. */
const promptSources = ['dummy-source', 'prompt-template'];

export function createVersionSources(deps: VersionSourceDependencies) {
  const { db, experiments } = deps;

  /**
   * The model of a run: the folder among its artifacts, or what MLflow 3 logged from it under that name, the newest. Without
   * a path the one called `model`, or the only one there is.
   * @throws runNotFound, modelFolderMissing, modelFolderInvalid
   */
  async function readRunModel(id: string, path: string | undefined, caller: Caller): Promise<Found> {
    const run = await experiments.getRun({ id }, caller);
    return withTrainingSet(await readModelOf(run, path, caller), run, caller);
  }

  async function readModelOf(run: Run, path: string | undefined, caller: Caller): Promise<Found> {
    const folder = (path ?? defaultFolder).replace(/\/+$/, '');
    try {
      return { ...originOfRun(run, folder), ...(await readContent(run, folder, caller)) };
    } catch (error) {
      if (!(error instanceof TidemillError) || error.code !== 'modelFolderMissing') throw error;
      const logged = await listLoggedBy(run, caller);
      const model = pickLogged(logged, path === undefined ? undefined : folder);
      if (model) return readLoggedBy(run, model, caller);
      if (logged.length === 0) throw error;
      throw errors.modelFolderMissing({ run: run.id, path: folder, found: nameLogged(logged) }, error);
    }
  }

  /** So that what it is asked is held against what it learned from, whoever trained it. */
  async function withTrainingSet(found: Found, run: Run, { workspace }: Caller): Promise<Found> {
    if (found.trainingSet !== null || found.digest === null) return found;
    const signature = found.inputs.map(({ name }) => name);
    const trainingSet = await findTrainingSet(deps, run, signature, workspace);
    if (trainingSet === null) return found;
    return { ...found, trainingSet, trainingRange: await deps.rangesOf(trainingSet, signature, workspace) };
  }

  /** What MLflow 3 keeps beside the run, the newest first. */
  async function listLoggedBy({ id, experimentId }: Run, caller: Caller): Promise<readonly LoggedModel[]> {
    const filter = `source_run_id = '${id}'`;
    const order = { orderBy: ['creation_timestamp DESC'], limit: mostLoggedModels };
    const found = await experiments.searchLoggedModels(
      { experimentIds: [experimentId], filter, ...order },
      caller,
    );
    return found.items.filter(({ status, lifecycle }) => status === 'READY' && lifecycle === 'active');
  }

  async function readLoggedBy(run: Run, model: LoggedModel, caller: Caller): Promise<Found> {
    const content = await readContent({ id: model.id, metrics: run.metrics }, '', caller);
    const place = { source: `models:/${model.id}`, location: model.artifactUri, artifactPath: '' };
    return { ...place, runId: run.id, loggedModel: model.id, ...content };
  }

  async function readContent(
    { id, metrics }: Pick<Run, 'id' | 'metrics'>,
    folder: string,
    { workspace }: Caller,
  ): Promise<FolderContent> {
    const owner: ArtifactOwner = {
      id,
      listPaths: (below) => experiments.artifactPaths(id, below, workspace),
      filesBelow: (below) => experiments.artifactFiles(id, below, workspace),
      find: (path) => experiments.findArtifactFile(id, path, workspace),
    };
    return { ...(await readModelFolder(deps, owner, folder)), metrics };
  }

  /** Of a folder that is no model there are no files. */
  async function readContentIfAny(...of: Parameters<typeof readContent>): Promise<FolderContent> {
    const codes = ['modelFolderMissing', 'modelFolderInvalid'];
    return (await ignoring(codes, readContent(...of))) ?? noContent;
  }

  /** Any source that MLflow takes. What is no model folder of ours is written down without files. */
  async function read(claim: SourceClaim, isOfPrompt: boolean, caller: Caller): Promise<Found> {
    if (isOfPrompt) return readPrompt(claim);
    const source = parseSource(claim.source, experiments.artifactRoot);
    const found = await readParsed(source, claim, caller);
    const ofRun = { ...found, source: claim.source };
    if (source.kind === 'version' || found.runId === null) return ofRun;
    const run = await ignoring(['runNotFound'], experiments.getRun({ id: found.runId }, caller));
    return run ? withTrainingSet(ofRun, run, caller) : ofRun;
  }

  async function readParsed(source: Source, claim: SourceClaim, caller: Caller): Promise<Found> {
    switch (source.kind) {
      case 'run':
        return readRun(source, claim, caller);
      case 'loggedModel':
        return readLoggedModel(source, claim, caller);
      case 'version':
        return readVersion(source, claim, caller.workspace);
      default:
        return withoutFiles(claim, caller);
    }
  }

  async function readRun(
    source: Source & { kind: 'run' },
    claim: SourceClaim,
    caller: Caller,
  ): Promise<Found> {
    const { runId, path } = source;
    if (claim.runId !== null && claim.runId !== runId) {
      const reason = `run_id is ${claim.runId.slice(0, 100)}, but the source lies in run ${runId}`;
      throw errors.modelSourceInvalid({ source: claim.source, reason });
    }
    const run = await ignoring(
      source.isStrict ? [] : ['runNotFound'],
      experiments.getRun({ id: runId }, caller),
    );
    if (!run) return withoutFiles(claim, caller);
    assertPlace(source, run);
    const content = await readContentIfAny(run, path, caller);
    return { ...originOfRun(run, path), loggedModel: claim.loggedModel, ...content };
  }

  async function readLoggedModel(
    source: Source & { kind: 'loggedModel' },
    claim: SourceClaim,
    caller: Caller,
  ): Promise<Found> {
    const { id, path } = source;
    if (claim.loggedModel !== null && claim.loggedModel !== id) {
      const reason = `model_id is ${claim.loggedModel.slice(0, 100)}, but the source lies in logged model ${id}`;
      throw errors.modelSourceInvalid({ source: claim.source, reason });
    }
    const codes = source.isStrict ? [] : ['loggedModelNotFound'];
    const model = await ignoring(codes, experiments.getLoggedModel({ id }, caller));
    if (!model) return withoutFiles(claim, caller);
    assertPlace(source, model);
    const metrics = Object.fromEntries(model.metrics.map(({ key, value }) => [key, value]));
    const content = await readContentIfAny({ id, metrics }, path, caller);
    return {
      ...{ source: claim.source, loggedModel: id, artifactPath: path },
      location: path === '' ? model.artifactUri : `${model.artifactUri}/${path}`,
      runId: claim.runId ?? model.sourceRunId,
      ...content,
    };
  }

  /** What it was made from may be known although its files are elsewhere. @throws loggedModelNotFound */
  async function withoutFiles(claim: SourceClaim, caller: Caller): Promise<Found> {
    const { loggedModel: id } = claim;
    const model = id === null ? null : await experiments.getLoggedModel({ id }, caller);
    const runId = claim.runId ?? model?.sourceRunId ?? null;
    return { ...noContent, ...claim, runId, location: null, artifactPath: null };
  }

  /** A copy of another version: the same files, and where they came from. */
  async function readVersion(
    source: Source & { kind: 'version' },
    claim: SourceClaim,
    workspace: string,
  ): Promise<Found> {
    const { name } = source;
    const model = await getModel(db, name, workspace);
    if (isPrompt(model.tags))
      throw errors.modelSourceInvalid({ source: claim.source, reason: 'a prompt is no model' });
    const number = await findNumberOf(source, workspace);
    const found = number === null ? null : await versionStore(db).find(workspace, name, number);
    if (!found) {
      const known = `The source ${claim.source} is not there`;
      throw errors.modelVersionNotFound({ reference: claim.source, name, version: source.selector, known });
    }
    for (const field of ['runId', 'loggedModel'] as const) {
      if (claim[field] === null || claim[field] === found[field]) continue;
      const reason = 'run_id and model_id must be those of the version it names';
      throw errors.modelSourceInvalid({ source: claim.source, reason });
    }
    return { ...found, source: claim.source, location: found.location ?? found.source };
  }

  async function findNumberOf(
    { name, selector, isAlias }: Source & { kind: 'version' },
    workspace: string,
  ): Promise<number | null> {
    if (isAlias)
      return (
        (await getModel(db, name, workspace)).aliases.find(({ alias }) => alias === selector)?.number ?? null
      );
    if (/^\d{1,9}$/.test(selector)) return Number(selector);
    if (selector.toLowerCase() === 'latest') return versionStore(db).findLatest(workspace, name);
    const stage = parseStage(selector);
    const latest = await versionStore(db).listLatest(workspace, [name]);
    return latest.find((version) => version.stage === stage)?.number ?? null;
  }

  return { readRunModel, read };
}

/** A file URI names the owner by the folder it lies in; that of another owner, or none, is not opened. */
function assertPlace({ place }: { readonly place?: string }, owner: { readonly artifactUri: string }): void {
  if (place === undefined || place === owner.artifactUri) return;
  const reason = `the artifacts of that run or model lie at ${owner.artifactUri}`;
  throw errors.modelSourceInvalid({ source: place.slice(0, 200), reason });
}

/** By its name; without one the one called `model`, or all there is under a single other name. */
function pickLogged(models: readonly LoggedModel[], name: string | undefined): LoggedModel | null {
  const named = models.find((model) => model.name === (name ?? defaultFolder));
  if (named || name !== undefined) return named ?? null;
  return new Set(models.map((model) => model.name)).size === 1 ? (models[0] ?? null) : null;
}

const nameLogged = (models: readonly LoggedModel[]): string =>
  `there are no files; its logged models are called ${[...new Set(models.map(({ name }) => `'${name}'`))].join(', ')}`;

const originOfRun = (run: Run, folder: string): Origin => ({
  source: `runs:/${run.id}/${folder}`,
  location: folder === '' ? run.artifactUri : `${run.artifactUri}/${folder}`,
  runId: run.id,
  loggedModel: null,
  artifactPath: folder,
});

function readPrompt(claim: SourceClaim): Found {
  if (promptSources.includes(claim.source))
    return { ...noContent, ...claim, location: null, artifactPath: null };
  const reason = `a version with the tag ${promptTag} has no files, so its source must be ${promptSources.join(' or ')}`;
  throw errors.modelSourceInvalid({ source: claim.source.slice(0, 200), reason });
}

/** Null in place of a failure with one of these codes. */
async function ignoring<T>(codes: readonly string[], promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof TidemillError && codes.includes(error.code)) return null;
    throw error;
  }
}
