/** The steps of a loop run whose model a script of the user's makes: by one job, or by a search over its parameters. */
import type { DatasetVersion, ModelVersion, SearchDefinition, Sweep } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';
import { errors, TidemillError } from '../../base/errors.ts';
import type { Datasets } from '../../data/datasets/service.ts';
import type { Evaluations } from '../../models/evaluation/service.ts';
import type { Registry } from '../../models/registry/service.ts';
import type { Jobs } from '../../training/jobs/service.ts';
import type { Sweeps } from '../../training/sweeps/service.ts';
import { progressText, type ScriptRecipe, type StoredRun, searchText } from './rules.ts';

export interface ScriptStepsDependencies {
  readonly datasets: Pick<Datasets, 'split'>;
  readonly jobs: Pick<Jobs, 'submitCommand' | 'get' | 'list'>;
  readonly sweeps: Pick<Sweeps, 'search' | 'confirm' | 'get' | 'list'>;
  readonly registry: Pick<Registry, 'register' | 'registerTrial'>;
  readonly evaluations: Pick<Evaluations, 'findStart'>;
}

/** What is under way: the candidate once it is there, until then what is waited for. */
export type Awaited =
  | { readonly candidate: string; readonly text: string }
  | { readonly candidate: null; readonly text: string };

const searched = 1000;
const splitName = 'retraining';

export function createScriptSteps(deps: ScriptStepsDependencies) {
  const { datasets, jobs, sweeps, registry, evaluations } = deps;

  /** The rows before the window that the model is going to be judged on: a script cannot be fitted again without them. */
  async function holdBack(run: StoredRun, { timeColumn }: ScriptRecipe, set: DatasetVersion, caller: Caller) {
    const { window } = run.definition.evaluation;
    const start = await evaluations.findStart({ dataset: set.reference, timeColumn, window }, caller);
    const at = start.toISOString();
    const split = (name: string) =>
      datasets.split(
        {
          ...{ name: set.dataset, version: String(set.version), split: name },
          ...{ by: 'time', columns: [timeColumn], at: [at] },
        },
        caller,
      );
    const { parts } = await split(splitName).catch((error: unknown) => {
      // The same rows were cut elsewhere, for a policy with another window.
      if (!(error instanceof TidemillError) || error.code !== 'datasetSplitExists') throw error;
      return split(`${splitName}-${at.slice(0, 19).replace(/\D/g, '')}`);
    });
    const [learned] = parts;
    if (!learned) throw new Error(`the split of ${set.reference} has no parts`);
    return { reference: learned.reference, rows: learned.rows, before: at.slice(0, 10) };
  }

  const toCommand = ({ command }: ScriptRecipe, learned: string) => ({
    ...command,
    inputs: [learned, ...(command.inputs ?? [])],
  });

  /** The run's id names what it began, so that what was submitted before a crash is found again. */
  async function submit(run: StoredRun, script: ScriptRecipe, learned: string, caller: Caller) {
    const { experiment, search, parameters } = script;
    const command = toCommand(script, learned);
    if (search) {
      const { items } = await sweeps.list({ limit: searched }, caller);
      const known = items.find(({ definition }) => definition.name === run.id);
      const found = known ?? (await sweeps.search(toSearch(script, run.id, command), caller));
      return { sweep: found.id };
    }
    const { items } = await jobs.list({ limit: searched }, caller);
    const known = items.find(({ spec }) => spec.name === run.id);
    const request = { ...command, experiment, name: run.id, ...(parameters && { parameters }) };
    return { job: (known ?? (await jobs.submitCommand(request, caller))).id };
  }

  async function awaitJob(id: string, name: string, caller: Caller): Promise<Awaited> {
    const { state, runId, error } = await jobs.get({ id }, caller);
    if (state === 'failed' || state === 'cancelled')
      throw errors.loopRunJobFailed({ id, state, reason: error ?? 'by hand' });
    if (state !== 'succeeded' || runId === null) return { candidate: null, text: `the job is ${state}` };
    const { reference, metrics } = await registry.register({ name, runId }, caller);
    return { candidate: reference, text: `${metricsText(metrics)}registered as ${reference}` };
  }

  async function awaitSweep(
    id: string,
    name: string,
    { search }: ScriptRecipe,
    caller: Caller,
  ): Promise<Awaited> {
    const sweep = await sweeps.get({ id }, caller);
    const failure = failureOf(sweep);
    if (failure !== null) throw errors.sweepFailed({ id, trials: sweep.trials.length, reason: failure });
    const waiting = (text: string): Awaited => ({ candidate: null, text });
    if (sweep.state === 'stopped')
      return waiting(`${progressText(sweep)}; it was stopped: resume or cancel it`);
    if (sweep.state !== 'succeeded') return waiting(progressText(sweep));
    const confirmed =
      search?.confirm && !sweep.confirmation
        ? await sweeps.confirm({ id, ...search.confirm }, caller)
        : sweep;
    if (confirmed.confirmation?.state === 'running') return waiting(progressText(confirmed));
    const { reference } = await registry.registerTrial({ id, name }, caller);
    return { candidate: reference, text: `${searchText(confirmed)}; registered as ${reference}` };
  }

  return {
    holdBack,
    submit,

    /** @throws sweepFailed, loopRunJobFailed, trialModelMissing, modelFolderMissing */
    awaitCandidate({ made, definition }: StoredRun, script: ScriptRecipe, caller: Caller): Promise<Awaited> {
      if (made.job !== undefined) return awaitJob(made.job, definition.model, caller);
      return awaitSweep(made.sweep ?? '', definition.model, script, caller);
    },
  };
}

/** As `sweeps.search` takes it. */
export function toSearch(
  { experiment, search, command }: ScriptRecipe,
  name: string,
  withInputs: ScriptRecipe['command'] = command,
): SearchDefinition {
  const { goal, confirm: _confirm, ...rest } = search as NonNullable<typeof search>;
  return { ...rest, experiment, name, goals: [goal], command: withInputs };
}

/** None could be chosen: a policy that asks for steadiness must not get luck in silence. */
function failureOf({ state, error, confirmation }: Sweep): string | null {
  if (state === 'failed' || state === 'cancelled') return error ?? `it was ${state}`;
  if (confirmation?.state === 'failed' || confirmation?.state === 'cancelled')
    return confirmation.error ?? `its confirmation was ${confirmation.state}`;
  return null;
}

const mostShown = 3;

function metricsText(metrics: ModelVersion['metrics']): string {
  const own = Object.entries(metrics).filter(
    ([name, value]) => !name.startsWith('system/') && value !== null,
  );
  const shown = own.slice(0, mostShown).map(([name, value]) => `${name} ${Number(value).toPrecision(3)}`);
  return shown.length === 0 ? '' : `${shown.join(', ')}; `;
}
