import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobTokens } from '../../../access/auth/service.ts';
import { type Db, transact } from '../../../adapters/db/db.ts';
import type { CommandOutcome } from '../../../adapters/executor/executor.ts';
import type { Caller } from '../../../base/caller.ts';
import type { Clock } from '../../../base/clock.ts';
import { isDiskFull } from '../../../base/disk-full.ts';
import { errors } from '../../../base/errors.ts';
import { maskFile } from '../../../base/token-mask.ts';
import { activeTraceparent } from '../../../base/tracing.ts';
import type { TaskContext, TaskOutcome } from '../../../platform/tasks/service.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { RunCache } from '../cache/service.ts';
import type { JobFiles } from '../files/job-files.ts';
import { callerOf, type JobEnds } from '../job-ends.ts';
import type { Rebuilds } from '../rebuild/service.ts';
import { type CommandRecord, type CommandSpec, filesOf } from '../rules.ts';
import {
  activeIn,
  type CommandEnvironment,
  type CommandEnvironments,
  type EnvironmentDependencies,
} from './environment.ts';
import {
  type CommandFolder,
  clearFolder,
  commandFolder,
  isShortOfRoom,
  lastLine,
  makeRoom,
  shorten,
} from './folder.ts';
import type { CommandInputs } from './inputs.ts';
import { endLeftover, introducing } from './leftover-process.ts';
import { notebookOf, runNotebook } from './notebook.ts';
import { storeOutputs } from './outputs.ts';
import { createSurroundings } from './surroundings.ts';
import { createUsageLog, type UsagePoint, type UsageTotals } from './usage-log.ts';

export interface CommandWorkDependencies extends EnvironmentDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly experiments: Pick<
    Experiments,
    'ensureExperiment' | 'logBatch' | 'logRest' | 'putArtifact' | 'setRunStatus'
  >;
  readonly ends: JobEnds;
  readonly inputs: CommandInputs;
  readonly files: JobFiles;
  readonly cache: Pick<RunCache, 'noteStart' | 'noteSuccess'>;
  readonly prepareEnvironment: CommandEnvironments['prepare'];
  readonly compareRebuild: Rebuilds['compare'];
  /** Numbers of the graphics processors that a job has. */
  gpusOf(id: string): readonly number[];
  /** Holds a folder per job. */
  readonly folder: string;
  readonly tokens: JobTokens;
  /** Where this server listens, asked when a command starts. */
  readonly url: () => string;
}

/** Told to stop at its time, a command may still say its last. */
const tokenGraceMs = 60_000;
const idVariable = 'TIDEMILL_JOB_ID';
/** Bytes of one output; a program that writes more than that has gone wrong, and would fill the disk. */
const mostOutput = 2 ** 31;

export function createCommandWork(deps: CommandWorkDependencies) {
  const { db, clock, experiments, executor, ends, inputs, files, cache, tokens, prepareEnvironment } = deps;

  const recordSurroundings = createSurroundings(deps);

  async function variablesOf(
    job: CommandRecord,
    folder: CommandFolder,
    python: CommandEnvironment | null,
    caller: Caller,
  ) {
    const experiment = await experiments.ensureExperiment(job.experiment, caller);
    const { seed, resources } = job.spec;
    const url = deps.url();
    const traceparent = activeTraceparent();
    const given = {
      ...deps.environment,
      PYTHONUNBUFFERED: '1',
      ...(traceparent !== undefined && { TRACEPARENT: traceparent }),
      ...(seed !== null && { PYTHONHASHSEED: String(seed) }),
      ...(resources.gpu > 0 && { CUDA_VISIBLE_DEVICES: deps.gpusOf(job.id).join(',') }),
      ...job.spec.environment,
    };
    return {
      ...activeIn(given, job.spec.environment),
      ...python?.variables,
      ...python?.imports,
      TIDEMILL_URL: url,
      [idVariable]: job.id,
      TIDEMILL_JOB_FOLDER: folder.path,
      TIDEMILL_PARAMS: folder.parameters,
      MLFLOW_TRACKING_URI: url,
      MLFLOW_EXPERIMENT_ID: experiment.id,
      MLFLOW_RUN_ID: job.runId,
    };
  }

  async function prepare(
    job: CommandRecord,
    folder: CommandFolder,
    task: TaskContext<unknown>,
  ): Promise<void> {
    // First of all: two attempts at once would write over each other.
    if (task.attempt > 1) {
      await endLeftover(folder.process);
      await executor.endMarked(`${idVariable}=${job.id}`);
    }
    const { id, runId, experiment, workspace, spec } = job;
    await transact(db, (tx) => experiments.setRunStatus(tx, runId, 'RUNNING', workspace));
    await clearFolder(folder);
    await files.write(filesOf(job), 'code', folder.code);
    if (spec.rebuild) await files.write(job.id, 'lock', folder.path);
    const parameters = {
      ...{ job: id, run: runId, experiment, seed: spec.seed, params: spec.parameters },
      ...(spec.window && { window: spec.window }),
      ...{ inputs: await inputs.write(job, folder, task.signal) },
      ...{ outputs: folder.outputs, checkpoints: folder.checkpoints },
    };
    await writeFile(folder.parameters, `${JSON.stringify(parameters, null, 2)}\n`);
  }

  function watchUsage(progress: Progress, job: CommandRecord, caller: Caller) {
    let writing: Promise<unknown> = Promise.resolve();
    let step = 0;
    const log = createUsageLog(clock, (point, totals) => {
      const metrics = toMetrics(point, step++);
      // What could not be written is missing in a curve; the command must not suffer for it.
      writing = writing
        .then(() => experiments.logBatch({ id: job.runId, metrics }, caller))
        .then(() => progress.add({ ...totals }))
        .catch(() => undefined);
    });
    return { ...log, settled: () => writing };
  }

  async function runCommand(job: CommandRecord, folder: CommandFolder, task: TaskContext<unknown>) {
    const { command, workingDirectory, timeoutSeconds, resources, code } = job.spec;
    const caller = callerOf(job);
    const cwd = code === null ? (workingDirectory ?? folder.path) : folder.code;
    await assertFolder(cwd, job.spec);
    const progress = createProgress(task);
    const deadline = timeoutSeconds === null ? undefined : clock.now() + timeoutSeconds * 1000;
    const remainingMs = () => deadline && Math.max(1, deadline - clock.now());
    const common = { mark: `${idVariable}=${job.id}`, outputBytes: mostOutput, signal: task.signal };
    const tellEnvironment = (environment: string) => progress.add({ environment });
    const python = await prepareEnvironment(job, folder, cwd, {
      ...common,
      remainingMs,
      onBuild: tellEnvironment,
    });
    const notebook = notebookOf(job.spec);
    const program = notebook === null ? command : await runNotebook(notebook, folder);
    const env = await variablesOf(job, folder, python, caller);
    // What has the mark ends with the command.
    const { [idVariable]: _, ...unmarked } = env;
    // Its own packages lie in another folder each time, and are no part of what is installed.
    const asked = python ? { ...unmarked, PYTHONPATH: job.spec.environment.PYTHONPATH ?? '' } : unmarked;
    // Beside the command, which does not wait for it; it must not suffer for what could not be found out.
    const recorded = recordSurroundings(job, { cwd, env: asked, made: python, signal: task.signal })
      .then(tellEnvironment)
      .catch(() => undefined);
    const timeoutMs = remainingMs();
    const usage = watchUsage(progress, job, caller);
    // The lease is looked at first: a late attempt must not take its successor's token.
    await progress.add({});
    const secret = await tokens.issue(job, deadline === undefined ? null : deadline + tokenGraceMs);
    try {
      const outcome = await executor.run({
        ...common,
        command: introducing(folder.process, program),
        cwd,
        env: { ...env, ...(secret !== null && { TIDEMILL_TOKEN: secret, MLFLOW_TRACKING_TOKEN: secret }) },
        stdout: folder.stdout,
        stderr: folder.stderr,
        onUsage: usage.add,
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(resources.memoryBytes !== null && { memoryBytes: resources.memoryBytes }),
      });
      await Promise.all([usage.settled(), recorded]);
      // Of a job that was over before the first point, too: it is its cost in a sweep.
      await progress.add({ ...usage.totals() }).catch(() => undefined);
      return { outcome, totals: usage.totals() };
    } finally {
      // Another attempt that has begun meanwhile has its own.
      if (secret !== null && !task.signal.aborted) await tokens.end(job);
      const copy = notebook === null ? [] : [join(folder.outputs, notebook)];
      for (const path of [folder.stdout, folder.stderr, ...copy]) await maskFile(path);
    }
  }

  async function attempt(
    task: TaskContext<unknown>,
    job: CommandRecord,
    folder: CommandFolder,
  ): Promise<TaskOutcome> {
    const caller = callerOf(job);
    await prepare(job, folder, task);
    const { outcome, totals } = await runCommand(job, folder, task);
    task.signal.throwIfAborted();
    const outputs = await storeOutputs(experiments, job.runId, folder, caller);
    await experiments.logRest({ id: job.runId, parameters: job.spec.parameters }, caller);
    for (const path of [folder.inputs, folder.code]) await rm(path, { recursive: true, force: true });
    for (const path of [folder.stdout, folder.stderr]) await shorten(path);
    if (outcome.exitCode !== 0 || outcome.stoppedFor !== null)
      throw await failureOf(job.spec, outcome, totals, folder);
    for (const path of [folder.outputs, folder.checkpoints]) await rm(path, { recursive: true, force: true });
    const done = { runId: job.runId, outputs, ...totals };
    const noteSuccess = await cache.noteSuccess(job, caller);
    const noteRebuild = await deps.compareRebuild(job, caller);
    const alongside = async (tx: Db) => {
      await task.settle(tx, { done });
      await noteSuccess(tx);
      await noteRebuild(tx);
    };
    await ends.end(job, 'succeeded', caller, { alongside });
    return { done };
  }

  return async function work(task: TaskContext<unknown>, job: CommandRecord): Promise<TaskOutcome> {
    const folder = commandFolder(deps.folder, job.id);
    try {
      return await attempt(task, job, folder);
    } catch (error) {
      if (task.signal.aborted) throw error;
      const isFull = isDiskFull(error);
      // A command that met the full disk itself says so in its own words, and would leave it full.
      if (!isFull && !(await isShortOfRoom(folder).catch(() => false))) throw error;
      const removed = await makeRoom(folder);
      const said = isFull || !(error instanceof Error) ? '' : ` ${error.message}`;
      throw errors.jobDiskFull({ removed, said }, error);
    }
  };
}

type Progress = ReturnType<typeof createProgress>;

/** What is known of an attempt so far; each thing that is told is added to the others. */
function createProgress(task: TaskContext<unknown>) {
  let known = task.progress;
  return {
    add(more: Record<string, unknown>): Promise<void> {
      known = { ...known, ...more };
      return task.saveProgress(known);
    },
  };
}

const toMetrics = ({ memoryBytes, cpuPercent, processes }: UsagePoint, step: number) =>
  Object.entries({
    'system/job_memory_megabytes': memoryBytes / 1e6,
    'system/job_cpu_percentage': cpuPercent,
    'system/job_processes': processes,
  }).map(([key, value]) => ({ key, value, step }));

/** The system names the program when it is the folder that is missing. @throws commandNotStarted */
async function assertFolder(path: string, { command }: CommandSpec): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return;
  const reason = found ? `'${path}' is no folder` : `its folder '${path}' is not there`;
  throw errors.commandNotStarted({ command: shown(command), reason });
}

const shown = (command: readonly string[]): string => command.join(' ').slice(0, 200);

async function failureOf(
  spec: CommandSpec,
  outcome: CommandOutcome,
  totals: UsageTotals,
  folder: CommandFolder,
) {
  const log = (await lastLine(folder.stderr)) || (await lastLine(folder.stdout));
  return errors.commandFailed({
    command: shown(spec.command),
    reason: reasonOf(spec, outcome, totals),
    log,
  });
}

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function reasonOf(spec: CommandSpec, outcome: CommandOutcome, { peakMemoryBytes }: UsageTotals): string {
  const { exitCode, signal, stoppedFor } = outcome;
  switch (stoppedFor) {
    case 'time':
      return `was stopped, as it took longer than ${spec.timeoutSeconds} seconds`;
    case 'memory':
      return `was killed, as it took ${gibibytes(peakMemoryBytes)} of memory and may take ${gibibytes(spec.resources.memoryBytes ?? 0)}; give it more (--memory) or let it need less`;
    case 'output':
      return `was stopped, as it wrote more than ${gibibytes(mostOutput)} to its output`;
    default:
      return exitCode === null
        ? `was ended by ${signal ?? 'a signal'}`
        : `ended with exit code ${exitCode}${hintOf(exitCode)}`;
  }
}

/** What shells mean by numbers over 128: 137 is SIGKILL, which the system sends when memory is short. */
const hintOf = (exitCode: number): string => {
  if (exitCode === 127) return ' (a program was not found)';
  if (exitCode === 137) return ' (killed by SIGKILL; often the system had no memory left)';
  if (exitCode === 139) return ' (a crash in native code: SIGSEGV)';
  return exitCode === 143 ? ' (ended by SIGTERM)' : '';
};
