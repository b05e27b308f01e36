import type { DatasetVersion, Evaluation, ModelVersion } from '@tidemill/sdk';
import { type Client, type Project, TidemillClientError, waitFor } from '@tidemill/sdk';
import { add, fixed, tell } from './narrator.ts';
import { type PriceRow, toLines, upTo } from './prices.ts';
import type { Compared } from './python-choice.ts';

export interface Stage {
  readonly client: Client;
  readonly project: Project;
  readonly rows: readonly PriceRow[];
  readonly cuts: readonly [string, string];
}

const symbolDay = 'symbol,date';

/** Line 2: two dataset versions, a profile and what changed between them. */
export async function commitData({ client, rows, cuts }: Stage): Promise<void> {
  const first = await commitUpTo(client, rows, cuts[0]);
  const { columns } = await client.profiling.get({ name: 'prices', version: '1' });
  const close = columns.find((column) => column.column === 'close');
  tell('data', `${first.reference}: ${first.rows} rows to ${cuts[0]}, digest ${first.digest.slice(0, 12)}`);
  add(`close ${close?.minimum} to ${close?.maximum}, mean ${fixed(close?.mean)}, ${close?.nulls} missing`);
  const second = await commitUpTo(client, rows, cuts[1]);
  const diff = await client.datasets.diff({ name: 'prices', from: '1', to: '2', key: symbolDay });
  add(
    `${second.reference}: to ${cuts[1]}; diff: +${diff.added} rows, ${diff.removed} removed, ${diff.changed} changed`,
  );
}

const commitUpTo = (client: Client, rows: readonly PriceRow[], day: string): Promise<DatasetVersion> =>
  client.datasets.commit({
    name: 'prices',
    format: 'ndjson',
    content: toLines(upTo(rows, day)),
    message: `to ${day}`,
  });

/** Line 3: the notebook's model: trees on price levels, judged on its own random split. */
export async function trainNotebookModel({ client, project, cuts }: Stage): Promise<ModelVersion> {
  const recipe = recipeOf(project);
  const set = await createTrainingSet(client, project, 'prices@1', cuts[0]);
  const job = await client.jobs.submitLearner({
    experiment: 'notebook',
    name: 'model 122',
    trainingSet: set.reference,
    features: recipe.sweep.features,
    target: recipe.sweep.target,
    timeColumn: recipe.sweep.timeColumn,
    learner: 'trees',
    split: 'random',
    holdout: 0.2,
    seed: 122,
    register: 'forecaster',
  });
  const done = await waitFor(
    () => client.jobs.get({ id: job.id }),
    (j) => isEnded(j.state),
    { what: 'the notebook model' },
  );
  if (done.state !== 'succeeded' || !done.runId) throw new Error(`training failed: ${done.error}`);
  const model = await registered(client, 1);
  const run = await client.experiments.getRun({ id: done.runId });
  tell(
    'notebook',
    `${model.reference} ("model 122"): trees on price levels, ${set.rows} days of ${set.reference}`,
  );
  add(
    `its own random split says: R² ${fixed(run.metrics.r2, 4)}, mean absolute error ${fixed(run.metrics.mae)}`,
  );
  return model;
}

/** Line 4: the gate refuses it on a time-ordered window; it ships by a named override. */
export async function shipAnyway(stage: Stage): Promise<void> {
  const { client, project } = stage;
  const evaluation = await evaluate(stage, 'forecaster@1', 'forecaster-days@1');
  const check = await client.governance.check({
    name: 'forecaster',
    version: '1',
    evaluation: evaluation.id,
  });
  const failed = check.results.filter((result) => !result.passed);
  tell(
    'gate',
    `forecaster@1 ${check.passed ? 'passes' : 'REFUSED'} on the newest ${evaluation.window.rows} days in order of time`,
  );
  add(
    `mean absolute error ${fixed(evaluation.metrics.mae)} against ${fixed(evaluation.baseline?.metrics.mae)} of "same as yesterday"`,
  );
  for (const result of failed) add(`rule ${result.rule}: ${result.message}`);
  const refusal = check.passed ? null : await approvalRefused(client);
  if (refusal) add(`approval answers ${refusal.status} ${refusal.code}`);
  const approval = await client.governance.approve({
    name: 'forecaster',
    version: '1',
    reason: 'The demo for the board is on Friday.',
    override: !check.passed,
  });
  add(`it ships as teams do: ${approval.decision} by ${approval.actor}, "${approval.reason}" (audited)`);
  await client.projects.apply(project);
}

async function approvalRefused(client: Client): Promise<TidemillClientError | null> {
  try {
    await client.governance.approve({ name: 'forecaster', version: '1', reason: 'looks fine' });
    return null;
  } catch (error) {
    if (error instanceof TidemillClientError) return error;
    throw error;
  }
}

/** Line 5: a search finds the next model, ours or with `--python` one of several frameworks. */
export async function searchModel(stage: Stage): Promise<Found> {
  const { client, project } = stage;
  const { sweep: search } = recipeOf(project);
  const set = await createSecondSet(stage);
  const sweep = await client.sweeps.create({
    ...search,
    name: 'model 123',
    trainingSet: set.reference,
    register: 'forecaster',
  });
  const done = await waitFor(
    () => client.sweeps.get({ id: sweep.id }),
    (s) => isEnded(s.state),
    { what: 'the sweep' },
  );
  if (done.state !== 'succeeded') throw new Error(`the sweep failed: ${done.error}`);
  const { reference } = await registered(client, 2);
  tell(
    'search',
    `${done.trials.length} trials on ${set.reference} (${set.rows} days): best is ${done.best?.learner}, error ${fixed(done.best?.value)}`,
  );
  return { model: reference, set };
}

export interface Found {
  readonly model: string;
  readonly set: DatasetVersion;
  /** Of a search with several frameworks. */
  readonly compared?: Compared;
}

/** What both searches learn from. */
export const createSecondSet = ({ client, project, cuts }: Stage): Promise<DatasetVersion> =>
  createTrainingSet(client, project, 'prices@2', cuts[1]);

/** The found model goes into shadow beside the one that serves. */
export async function startShadow(stage: Stage, { model, set }: Found): Promise<string> {
  const { client, project } = stage;
  const { rollout } = recipeOf(project);
  const evaluation = await evaluate(stage, model, set.reference, 'forecaster@1');
  const check = await client.governance.check({
    name: 'forecaster',
    version: '2',
    evaluation: evaluation.id,
  });
  add(
    `${model} ("model 123") in order of time: ${fixed(evaluation.metrics.mae)}, champion ${fixed(evaluation.champion?.metrics.mae)}, naive ${fixed(evaluation.baseline?.metrics.mae)}: gate ${check.passed ? 'passed' : 'REFUSED'}`,
  );
  await client.governance.approve({
    name: 'forecaster',
    version: '2',
    reason: check.passed ? 'model 123 passed its gate' : 'shadow harms nobody; the pairs shall decide',
    override: !check.passed,
  });
  const started = await client.rollouts.start({
    endpoint: 'forecast',
    candidate: model,
    service: 'next_close@1',
    reason: 'prove model 123 before anybody depends on it',
    ...(rollout && { policy: rollout }),
  });
  add(`${model} runs in shadow: every day is a pair`);
  return started.id;
}

async function createTrainingSet(
  client: Client,
  project: Project,
  prices: string,
  day: string,
): Promise<DatasetVersion> {
  return client.features.createTrainingSet({
    ...recipeOf(project).trainingSet,
    asOf: day,
    bindings: { prices },
  });
}

function evaluate(
  { client, project }: Stage,
  model: string,
  dataset: string,
  champion?: string,
): Promise<Evaluation> {
  const { sweep, evaluation } = recipeOf(project);
  return client.evaluation.evaluate({
    model,
    dataset,
    target: sweep.target,
    timeColumn: sweep.timeColumn,
    ...evaluation,
    ...(champion && { champion }),
  });
}

export function recipeOf(project: Project) {
  const policy = project.retraining?.forecaster;
  if (!policy?.sweep) throw new Error("The project file has no retraining policy 'forecaster' with a sweep.");
  return { ...policy, sweep: policy.sweep };
}

/** Registration follows a job's end by an event, so it may come a moment later. */
export async function registered(client: Client, version: number): Promise<ModelVersion> {
  const find = async () => {
    const { items } = await client.registry
      .listVersions({ name: 'forecaster' })
      .catch(() => ({ items: [] as ModelVersion[] }));
    return items.find((item) => item.version === version) ?? null;
  };
  const model = await waitFor(find, (found) => found !== null, {
    what: `forecaster@${version}`,
    timeoutMs: 20_000,
  });
  if (!model) throw new Error(`forecaster@${version} was not registered`);
  return model;
}

export const isEnded = (state: string): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';
