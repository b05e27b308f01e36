import { createHash } from 'node:crypto';
import type { CachedRun, CacheMiss, CodeRevision, CommandJob, Job, LearnerJob } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import type { KeyValue } from '../../base/key-value.ts';
import { holdsToken } from '../../base/token-mask.ts';
import type { Task } from '../../platform/tasks/rules.ts';
import { assertBatch } from '../experiments/service.ts';
import type { Recipe } from '../learners/rules.ts';
import { type Needs, toNeeds } from './capacity.ts';

export type { Recipe } from '../learners/rules.ts';

/** A learner job with nothing left open: defaults filled in, the training set pinned. */
export interface LearnerSpec extends Omit<Required<LearnerJob>, 'name' | 'register'> {
  readonly name: string | null;
  readonly register: string | null;
  readonly trainingDigest: string;
}

/** A command with nothing left open; the files it is handed stand in a table of their own. */
export interface CommandSpec
  extends Omit<
    Required<CommandJob>,
    | 'name'
    | 'workingDirectory'
    | 'timeoutSeconds'
    | 'code'
    | 'revision'
    | 'files'
    | 'seed'
    | 'resources'
    | 'cache'
    | 'register'
    | 'mayRegister'
  > {
  readonly name: string | null;
  /** How many files its code has; null when it runs in `workingDirectory`, or in the job's own folder. */
  readonly code: { readonly files: number } | null;
  readonly revision: CodeRevision | null;
  readonly workingDirectory: string | null;
  readonly files: readonly string[];
  readonly seed: number | null;
  readonly resources: Needs;
  readonly timeoutSeconds: number | null;
  /** The model that its run's becomes a version of; absent where none does. */
  readonly register?: string;
  /** The model of which its script may make versions; absent in jobs of earlier servers. */
  readonly mayRegister?: string | null;
  /** The window of time that it is to be judged on, as `params.json` tells it. */
  readonly window?: { readonly index: number; readonly count: number };
  /** The run that it makes again, and the interpreter that it ran on. */
  readonly rebuild?: { readonly run: string; readonly python: string };
  /** Whose the files are, when many jobs have the same: a sweep's id. */
  readonly filesOf: string | null;
}

export function toCommandSpec(input: CommandJob, inputs: string[]): CommandSpec {
  const { experiment, command, code, revision, files = [], resources = {} } = input;
  return {
    ...{ experiment, command, inputs },
    name: input.name ?? null,
    code: code === undefined ? null : { files: code.length },
    revision: revision ?? null,
    workingDirectory: input.workingDirectory ?? null,
    files: files.map(({ path }) => path),
    parameters: input.parameters ?? {},
    seed: input.seed ?? null,
    dependencies: input.dependencies ?? 'auto',
    environment: input.environment ?? {},
    resources: toNeeds(resources),
    priority: input.priority ?? 0,
    timeoutSeconds: input.timeoutSeconds ?? null,
    maximumAttempts: input.maximumAttempts ?? 1,
    ...(input.register !== undefined && { register: input.register }),
    ...(input.mayRegister !== undefined && { mayRegister: input.mayRegister }),
    filesOf: null,
  };
}

/** @throws jobEnvironmentInvalid, jobHoldsToken, trackingValueInvalid: a parameter is written down with the run */
export function assertNames({ command, environment = {}, parameters = {} }: CommandJob): void {
  const given = { command, variables: environment, parameters };
  const open = Object.entries(given).find(([, value]) => holdsToken(JSON.stringify(value)));
  if (open) throw errors.jobHoldsToken({ where: open[0] });
  for (const [name, value] of Object.entries(environment)) {
    const invalid = (reason: string) => errors.jobEnvironmentInvalid({ name, reason });
    if (name === '') throw invalid('it has no name');
    if (name.includes('=')) throw invalid("its name holds a '='");
    if (`${name}${value}`.includes('\0')) throw invalid('it holds a NUL character');
  }
  const texts = Object.entries(parameters).map(([key, value]) => ({ key, value: String(value) }));
  assertBatch({ parameters: texts, metrics: [], tags: [] });
}

export const filesOf = ({ id, spec }: CommandRecord): string => spec.filesOf ?? id;

/** Where the code came from, as MLflow's clients say it. */
export function toSourceTags({ command, revision, seed, rebuild }: CommandSpec): KeyValue[] {
  const git = {
    'mlflow.source.git.commit': revision?.commit,
    'mlflow.source.git.branch': revision?.branch,
    'mlflow.source.git.repoURL': revision?.repository,
    'tidemill.rebuildOf': rebuild?.run,
    'tidemill.command': command.join(' ').slice(0, 5000),
    'tidemill.seed': seed === null ? undefined : String(seed),
  };
  return Object.entries(git).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));
}

/** Of a job that was asked for with the cache: the run it was taken from, or why there was none. */
export type JobCache = { readonly taken: CachedRun } | { readonly missed: CacheMiss };

interface CommonRecord {
  /** Also the id of its task. */
  readonly id: string;
  readonly workspace: string;
  readonly experiment: string;
  readonly runId: string;
  readonly modelVersion: string | null;
  readonly actor: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly cache: JobCache | null;
}
export interface LearnerRecord extends CommonRecord {
  readonly kind: 'learner';
  readonly spec: LearnerSpec;
}
export interface CommandRecord extends CommonRecord {
  readonly kind: 'command';
  readonly spec: CommandSpec;
}
export type JobRecord = LearnerRecord | CommandRecord;

export type JobEnd = 'succeeded' | 'failed' | 'cancelled';
export const runStatusOf = { succeeded: 'FINISHED', failed: 'FAILED', cancelled: 'KILLED' } as const;

export const taskKinds = { learner: 'job.learner', command: 'job.command' } as const;

export function toRecipe({ runId, createdAt, spec }: LearnerRecord): Recipe {
  return {
    version: 1,
    runId,
    createdAt,
    learner: spec.learner,
    parameters: { ...spec.parameters },
    seed: spec.seed,
    features: [...spec.features],
    target: spec.target,
    timeColumn: spec.timeColumn,
    trainingSet: { reference: spec.trainingSet, digest: spec.trainingDigest },
    split: spec.split,
    holdout: spec.holdout,
  };
}

/** What the run says of itself, as MLflow keeps it: texts. */
export function toParameters(recipe: Recipe): Record<string, string> {
  const { learner, parameters, seed, target, timeColumn, trainingSet, split, holdout } = recipe;
  const own = Object.entries(parameters).map(([key, value]) => [key, String(value)]);
  return {
    ...Object.fromEntries(own),
    ...{ learner, seed: String(seed), target, timeColumn, trainingSet: trainingSet.reference },
    ...{ split, holdout: String(holdout), features: featureText(recipe.features) },
  };
}

/** A thousand long names do not fit a parameter; their digest still tells two lists apart. */
function featureText(features: readonly string[]): string {
  const text = features.join(', ');
  if (text.length <= 1000) return text;
  const digest = createHash('sha256').update(JSON.stringify(features)).digest('hex').slice(0, 16);
  return `${features.length} columns (${digest})`;
}

export function toJob(record: JobRecord, task: Task | null): Job {
  const { id, kind, experiment, modelVersion, createdAt, cache } = record;
  const cachedFrom = cache && 'taken' in cache ? cache.taken : null;
  return {
    ...{ id, kind, experiment, modelVersion, createdAt, cachedFrom },
    cacheMiss: cache && 'missed' in cache ? cache.missed : null,
    // What was taken has no run of its own.
    runId: cachedFrom?.runId ?? record.runId,
    state: task?.state ?? 'failed',
    progress: { ...task?.progress },
    error: task?.error ?? null,
    attempt: task?.attempt ?? 0,
    spec: { ...record.spec },
    startedAt: task?.startedAt ?? null,
    finishedAt: task?.finishedAt ?? null,
  };
}
