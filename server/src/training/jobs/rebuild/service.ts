import { cpus, type } from 'node:os';
import type { Rebuild } from '@tidemill/contract';
import type { Lineage } from '../../../access/lineage/service.ts';
import type { Db } from '../../../adapters/db/db.ts';
import type { Caller } from '../../../base/caller.ts';
import { digestOf } from '../../../base/digest-of.ts';
import { errors, TidemillError } from '../../../base/errors.ts';
import { toUri } from '../../../base/references.ts';
import type { Experiments } from '../../experiments/service.ts';
import type { CommandInputs } from '../command/inputs.ts';
import { largestNotebook, notebookOf } from '../command/notebook.ts';
import type { JobFiles } from '../files/job-files.ts';
import { type CommandRecord, type CommandSpec, filesOf, type JobRecord } from '../rules.ts';
import { type ComparedFile, compareRuns, isDescription, withoutOwn } from './compare.ts';
import { cellsOf } from './notebook-cells.ts';
import { rebuildStore } from './store.ts';

export interface RebuildsDependencies {
  readonly db: Db;
  readonly lineage: Pick<Lineage, 'recordEdges'>;
  readonly experiments: Pick<
    Experiments,
    'getRun' | 'artifactFiles' | 'findArtifactFile' | 'findArtifactText'
  >;
  readonly inputs: Pick<CommandInputs, 'digests'>;
  readonly files: Pick<JobFiles, 'list' | 'missingFiles' | 'insertLock' | 'copy'>;
  findJobOfRun(runId: string, workspace: string): Promise<JobRecord | null>;
  findKeyedInputs(jobId: string): Promise<string | null>;
}

/** What of the environment's record decides how it is made again. */
interface Surroundings {
  readonly python: { readonly version: string; readonly implementation: string } | null;
  readonly system: { readonly name: string; readonly machine: string };
  readonly cpu: { readonly model: string | null };
}

export interface RebuildPlan {
  readonly job: CommandRecord;
  readonly spec: CommandSpec;
  /** Digest of the lock. */
  readonly lock: string;
  readonly notes: readonly string[];
}

const lockFile = 'tidemill/requirements.lock';
const mostShown = 50;

/** Runs made once more from what was kept of them, and held against what they came to. */
export function createRebuilds(deps: RebuildsDependencies) {
  const { db, experiments, files, lineage } = deps;

  async function getJob(runId: string, { workspace }: Caller): Promise<CommandRecord> {
    const job = await deps.findJobOfRun(runId, workspace);
    if (!job) throw impossible(runId, ['no job made it, so neither its code nor its environment was kept']);
    if (job.kind === 'command') return job;
    throw impossible(runId, ['a learner made it; tidemill reproduce MODEL makes its model again']);
  }

  /** What is not there any more, each in words. */
  async function listMissing(job: CommandRecord): Promise<string[]> {
    const { spec, workspace } = job;
    const missing: string[] = [];
    if (spec.code === null && spec.workingDirectory !== null)
      missing.push(`it ran in the folder ${spec.workingDirectory} itself, whose files were not kept`);
    const owner = filesOf(job);
    const all = [...(await files.list(owner, 'code')), ...(await files.list(owner, 'input'))];
    const { sha256s } = await files.missingFiles({ sha256s: all.map(({ sha256 }) => sha256) });
    const gone = new Set(sha256s);
    for (const { path, sha256 } of all) if (gone.has(sha256)) missing.push(`the file ${path} is gone`);
    for (const reference of spec.inputs) {
      const found = await deps.inputs.digests([reference], workspace).catch((error: unknown) => {
        if (error instanceof TidemillError) return null;
        throw error;
      });
      if (!found) missing.push(`the input ${reference} is gone`);
    }
    return missing;
  }

  /** The same references and yet not the same rows: a name that was deleted and made anew. */
  async function hasOtherInputs({ id, spec, workspace }: CommandRecord): Promise<boolean> {
    const then = await deps.findKeyedInputs(id);
    return then !== null && then !== digestOf(await deps.inputs.digests(spec.inputs, workspace));
  }

  /** Files that decide: all but what we put there. */
  async function filesOfRun(runId: string, spec: CommandSpec, caller: Caller): Promise<ComparedFile[]> {
    const { modelOutputs } = await experiments.getRun({ id: runId }, caller);
    const notebook = notebookOf(spec);
    const found: ComparedFile[] = [];
    const add = async (owner: string, prefix: string) => {
      for (const { path, sha256 } of await experiments.artifactFiles(owner, '', caller.workspace)) {
        if (prefix === '' && path.startsWith('tidemill/')) continue;
        if (prefix === '' && path === notebook) {
          const copy = await experiments.findArtifactText(owner, path, caller.workspace, largestNotebook);
          found.push({ path, sha256, cells: (copy !== null && cellsOf(copy)) || undefined });
          continue;
        }
        const text = isDescription(path)
          ? await experiments.findArtifactText(owner, path, caller.workspace)
          : null;
        found.push({ path: `${prefix}${path}`, sha256, text: text === null ? undefined : withoutOwn(text) });
      }
    };
    await add(runId, '');
    for (const [i, { modelId, name }] of modelOutputs.entries())
      await add(modelId, `models/${name}${modelOutputs.length > 1 ? `-${i + 1}` : ''}/`);
    return found;
  }

  return {
    /** Everything that is needed, found or told. @throws rebuildImpossible */
    async plan(runId: string, caller: Caller): Promise<RebuildPlan> {
      const run = await experiments.getRun({ id: runId }, caller);
      const job = await getJob(runId, caller);
      const { workspace, spec } = job;
      if (run.status !== 'FINISHED') throw impossible(runId, [`it is ${run.status}, and came to nothing`]);
      const missing = await listMissing(job);
      if (missing.length === 0 && (await hasOtherInputs(job)))
        missing.push(
          `${spec.inputs.join(', ')}: other data by the same name, as it was deleted and made anew`,
        );
      const lock = await experiments.findArtifactFile(runId, lockFile, workspace);
      const text = await experiments.findArtifactText(runId, lockFile, workspace);
      const about = await experiments.findArtifactText(runId, 'tidemill/environment.json', workspace);
      const was = about === null ? null : (JSON.parse(about) as Surroundings);
      if (!lock || text === null || !was?.python) missing.push('the lock of its environment is gone');
      for (const line of (text ?? '').split('\n').filter((each) => / @ file:/.test(each)))
        missing.push(`the package ${line} was installed from a folder, and is on no index`);
      if (was && was.system.name !== type())
        missing.push(`it ran on ${was.system.name}, and this is ${type()}`);
      if (!lock || !was?.python || missing.length > 0) throw impossible(runId, missing);
      return {
        ...{ job, lock: lock.sha256, notes: noteDifferences(was) },
        spec: {
          ...spec,
          name: `rebuild of ${run.name}`.slice(0, 250),
          filesOf: null,
          rebuild: { run: runId, python: was.python.version },
        },
      };
    },

    /** In the transaction that submits it. */
    async insert(
      tx: Db,
      { id, workspace, runId, createdAt }: CommandRecord,
      plan: RebuildPlan,
    ): Promise<void> {
      // Of a run that is itself a rebuild, the lock is that of its own environment.
      await files.copy(tx, filesOf(plan.job), id, ['code', 'input', 'diff']);
      await files.insertLock(tx, id, plan.lock);
      const ofRun = plan.job.runId;
      await rebuildStore(tx).insert(workspace, {
        jobId: id,
        ofRun,
        notes: plan.notes,
        result: null,
        createdAt,
      });
      const edge = { from: toUri('run', ofRun), to: toUri('run', runId), relation: 'rebuilt' };
      await lineage.recordEdges(tx, workspace, [edge]);
    },

    /** What is written in the transaction of the job's success. */
    async compare(
      { id, runId, spec, workspace, createdAt }: CommandRecord,
      caller: Caller,
    ): Promise<(tx: Db) => Promise<void>> {
      if (!spec.rebuild) return async () => undefined;
      const { run: ofRun } = spec.rebuild;
      const look = async (run: string) => ({
        metrics: (await experiments.getRun({ id: run }, caller)).metrics,
        files: await filesOfRun(run, spec, caller),
      });
      const result = compareRuns(await look(ofRun), await look(runId));
      return (tx) =>
        rebuildStore(tx).saveResult(workspace, { jobId: id, ofRun, notes: [], result, createdAt });
    },

    /** The newest first. */
    async list({ id }: { readonly id: string }, caller: Caller): Promise<{ items: Rebuild[] }> {
      const found = await rebuildStore(db).list(caller.workspace, id, mostShown);
      return {
        items: found.map(({ jobId, ofRun, notes, result, createdAt }) => ({
          ...{ jobId, runId: ofRun, createdAt, result, notes: [...notes] },
        })),
      };
    },
  };
}

const impossible = (run: string, reasons: readonly string[]) =>
  errors.rebuildImpossible({ run, reasons: reasons.join('; ') });

/** None of it hinders, and each may be why a number differs. */
function noteDifferences({ system, cpu }: Surroundings): string[] {
  const [here] = cpus();
  const model = here?.model ?? null;
  return [
    ...(system.machine === process.arch ? [] : [`it ran on ${system.machine}, and this is ${process.arch}`]),
    ...(cpu.model === model ? [] : [`it ran on the processor ${cpu.model}, and this is ${model}`]),
  ];
}

export type Rebuilds = ReturnType<typeof createRebuilds>;
