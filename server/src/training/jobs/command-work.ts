import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Analytics } from '../../adapters/analytics/analytics.ts';
import { type Db, transact } from '../../adapters/db/db.ts';
import type { CommandOutcome, Executor } from '../../adapters/executor/executor.ts';
import type { Caller } from '../../base/caller.ts';
import { errors } from '../../base/errors.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { TaskContext, TaskOutcome } from '../../platform/tasks/service.ts';
import type { Experiments } from '../experiments/service.ts';
import { type CommandFolder, clearFolder, commandFolder, lastLine, listFiles } from './command-folder.ts';
import { callerOf, type JobEnds } from './job-ends.ts';
import { endLeftover, introducing } from './leftover-process.ts';
import type { CommandRecord, CommandSpec } from './rules.ts';

export interface CommandWorkDependencies {
  readonly db: Db;
  readonly analytics: Pick<Analytics, 'exportFile'>;
  readonly datasets: Pick<Datasets, 'resolve' | 'source'>;
  readonly experiments: Pick<Experiments, 'ensureExperiment' | 'logInputs' | 'putArtifact' | 'setRunStatus'>;
  readonly executor: Executor;
  readonly ends: JobEnds;
  /** Holds a folder per job. */
  readonly folder: string;
  /** What commands get of the server's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where this server listens, asked when a command starts. */
  readonly url: () => string;
}

export function createCommandWork(deps: CommandWorkDependencies) {
  const { db, analytics, datasets, experiments, executor, ends } = deps;

  /** Each version as one Parquet file; the paths by reference. */
  async function writeInputs(job: CommandRecord, folder: CommandFolder, signal: AbortSignal) {
    const written: Record<string, string> = {};
    for (const reference of job.spec.inputs) {
      const version = await datasets.resolve(reference, job.workspace);
      const to = join(folder.inputs, `${version.reference}.parquet`);
      await analytics.exportFile({ table: await datasets.source(version), format: 'parquet', to, signal });
      written[version.reference] = to;
      const input = { name: version.dataset, digest: version.digest.slice(0, 36), sourceType: 'tidemill' };
      const rest = { source: version.uri, schema: null, profile: null, tags: [] };
      await experiments.logInputs(job.runId, [{ ...input, ...rest }], job.workspace);
    }
    return written;
  }

  async function environmentOf(job: CommandRecord, folder: CommandFolder, caller: Caller) {
    const experiment = await experiments.ensureExperiment(job.experiment, caller);
    const url = deps.url();
    return {
      ...deps.environment,
      ...job.spec.environment,
      TIDEMILL_URL: url,
      TIDEMILL_JOB_ID: job.id,
      TIDEMILL_JOB_FOLDER: folder.path,
      MLFLOW_TRACKING_URI: url,
      MLFLOW_EXPERIMENT_ID: experiment.id,
      MLFLOW_RUN_ID: job.runId,
    };
  }

  async function storeOutputs(job: CommandRecord, folder: CommandFolder, caller: Caller): Promise<number> {
    const files = await listFiles(folder.outputs);
    for (const path of files) {
      const content = createReadStream(join(folder.outputs, path));
      await experiments.putArtifact({ id: job.runId, path, content }, caller);
    }
    return files.length;
  }

  async function prepare(job: CommandRecord, folder: CommandFolder, signal: AbortSignal): Promise<void> {
    // First of all: two attempts at once would write over each other.
    await endLeftover(folder.process);
    const { id, runId, experiment, workspace } = job;
    await transact(db, (tx) => experiments.setRunStatus(tx, runId, 'RUNNING', workspace));
    await clearFolder(folder);
    const inputs = await writeInputs(job, folder, signal);
    const parameters = { job: id, run: runId, experiment, inputs, outputs: folder.outputs };
    await writeFile(folder.parameters, `${JSON.stringify(parameters, null, 2)}\n`);
  }

  return async function work(task: TaskContext<unknown>, job: CommandRecord): Promise<TaskOutcome> {
    const folder = commandFolder(deps.folder, job.id);
    const caller = callerOf(job);
    await prepare(job, folder, task.signal);
    const { command, workingDirectory, timeoutSeconds } = job.spec;
    const outcome = await executor.run({
      command: introducing(folder.process, command),
      cwd: workingDirectory ?? folder.path,
      env: await environmentOf(job, folder, caller),
      stdout: folder.stdout,
      stderr: folder.stderr,
      signal: task.signal,
      ...(timeoutSeconds !== null && { timeoutMs: timeoutSeconds * 1000 }),
    });
    task.signal.throwIfAborted();
    const outputs = await storeOutputs(job, folder, caller);
    await rm(folder.inputs, { recursive: true, force: true });
    if (outcome.exitCode !== 0) throw await failureOf(job.spec, outcome, folder);
    await rm(folder.outputs, { recursive: true, force: true });
    await ends.end(job, 'succeeded', caller);
    return { done: { runId: job.runId, outputs } };
  };
}

async function failureOf(spec: CommandSpec, outcome: CommandOutcome, folder: CommandFolder) {
  const log = (await lastLine(folder.stderr)) || (await lastLine(folder.stdout));
  return errors.commandFailed({
    command: spec.command.join(' ').slice(0, 200),
    reason: reasonOf(spec, outcome),
    log,
  });
}

function reasonOf({ timeoutSeconds }: CommandSpec, { exitCode, signal, timedOut }: CommandOutcome): string {
  if (timedOut) return `was stopped, as it took longer than ${timeoutSeconds} seconds`;
  if (exitCode === null) return `was ended by ${signal ?? 'a signal'}`;
  return `ended with exit code ${exitCode}`;
}
