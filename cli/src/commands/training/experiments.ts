import type { Run } from '@tidemill/sdk';
import type { Command } from 'commander';
import { findExperiments } from '../../find-experiments.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { repeated, toNames } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatNumber, formatTime, tableLines } from '../../table.ts';
import { addDiffCommand } from './diff-runs.ts';
import { addRebuildCommand } from './rebuild-run.ts';
import { addWatchCommand } from './watch-run.ts';

export function addExperimentsCommands(program: Command): void {
  const experiments = program.command('experiments').description('what belongs to one question');
  addExperiments(experiments);
  const runs = program.command('runs').description('tracked runs: parameters, metrics, artifacts');
  addSearch(runs);
  addRun(runs);
  addWatchCommand(runs);
  addDiffCommand(runs);
  addRebuildCommand(runs);
}

function addExperiments(experiments: Command): void {
  const create = experiments
    .command('create <name>')
    .description('create an experiment, or get the one of that name')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const experiment = await session.client.experiments.createExperiment({ name });
      session.show(experiment, (e) => `Experiment ${e.name} has id ${e.id}.`);
    });
  example(create, 'experiments create forecasting');
  const list = experiments
    .command('list')
    .description('active experiments')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.experiments.listExperiments(page));
      session.list(
        items,
        { id: (e) => e.id, name: (e) => e.name, updated: (e) => formatTime(e.updatedAt) },
        'No experiments. Create one: tidemill experiments create forecasting',
      );
    });
  example(list, 'experiments list');
  const show = experiments
    .command('show <name>')
    .description('an experiment, by name or id, with its newest runs')
    .addOption(limitOption())
    .action(async (name: string, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const [experiment] = await findExperiments(session.client, [name]);
      const runs = await listUpTo(options.limit, (page) =>
        session.client.experiments.searchRuns({ experimentIds: experiment ? [experiment.id] : [], ...page }),
      );
      session.show({ ...experiment, runs }, (found) => [
        `${found.name}  id ${found.id}, artifacts in ${found.artifactLocation}`,
        '',
        ...(runs.length === 0 ? ['No runs yet.'] : tableLines(runs, runColumns(runs))),
      ]);
    });
  example(show, 'experiments show forecasting');
}

interface SearchOptions extends Limited {
  experiment?: string[];
  filter?: string;
  orderBy?: string[];
  columns?: string[];
  count?: true;
}

function addSearch(runs: Command): void {
  const search = runs
    .command('search')
    .alias('list')
    .description("search runs; the filter is MLflow's grammar, with OR, brackets, IN, min(…) and max(…)")
    .option('--experiment <name>', 'only of this one, by name or id (repeatable)', repeated)
    .option('--filter <expression>', 'metrics.mae < 2 and params.learner = "ridge"')
    .option('--order-by <clause>', 'metrics.mae ASC (repeatable)', repeated)
    .option('--columns <names>', 'only these: metrics.mae,min(metrics.mae),params.learner', toNames)
    .option('--count', 'how many there are, without them')
    .addOption(limitOption())
    .action(async (options: SearchOptions, command: Command) => {
      const session = sessionOf(command);
      const { client } = session;
      const { filter, orderBy, columns } = options;
      const experiments = await findExperiments(client, options.experiment);
      const experimentIds = experiments.map((e) => e.id);
      if (options.count)
        return session.show(await client.experiments.countRuns({ experimentIds, filter }), ({ total }) => [
          String(total),
        ]);
      const found = await listUpTo(options.limit, (page) =>
        client.experiments.searchRuns({ experimentIds, filter, orderBy, columns, ...page }),
      );
      session.list(found, columns ? chosenColumns(found) : runColumns(found), 'No runs match.');
    });
  example(
    search,
    'runs search --experiment forecasting --filter "metrics.mae < 2 or min(metrics.mae) < 1" --order-by "metrics.mae ASC"',
  );
}

const shownMetrics = 5;

/** Name, state and the metrics that most of these runs have. */
function runColumns(runs: readonly Run[]): Record<string, (run: Run) => unknown> {
  const counts = new Map<string, number>();
  for (const key of runs.flatMap((run) => Object.keys(run.metrics)))
    counts.set(key, (counts.get(key) ?? 0) + 1);
  const metrics = [...counts].sort((a, b) => b[1] - a[1]).slice(0, shownMetrics);
  return {
    run: (r) => r.id,
    name: (r) => r.name,
    status: (r) => r.status,
    started: (r) => formatTime(r.startedAt),
    ...Object.fromEntries(metrics.map(([key]) => [key, (r: Run) => r.metrics[key]])),
  };
}

/** Everything that came, when the choice was made by `--columns`. */
function chosenColumns(runs: readonly Run[]): Record<string, (run: Run) => unknown> {
  const records = (['parameters', 'metrics', 'tags'] as const).map((record) => {
    const keys = new Set(runs.flatMap((run) => Object.keys(run[record])));
    return [...keys].map((key): [string, (run: Run) => unknown] => [key, (run) => run[record][key]]);
  });
  return { run: (r) => r.id, name: (r) => r.name, ...Object.fromEntries(records.flat()) };
}

function addRun(runs: Command): void {
  const show = runs
    .command('show <id>')
    .description('one run: parameters, latest metrics, tags, inputs')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.experiments.getRun({ id }), describeRun);
    });
  example(show, 'runs show 4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50');
  const remove = runs
    .command('delete <id>')
    .description('delete a run; `runs restore` takes it back')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      await session.client.experiments.deleteRun({ id });
      session.show({ id }, () => `Deleted run ${id}. Take it back: tidemill runs restore ${id}`);
    });
  example(remove, 'runs delete 4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50');
  const restore = runs
    .command('restore <id>')
    .description('take a deleted run back')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.experiments.restoreRun({ id }), () => `Restored run ${id}.`);
    });
  example(restore, 'runs restore 4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50');
  const metrics = runs
    .command('metrics <id> <key>')
    .description('every point of one metric')
    .addOption(limitOption())
    .action(async (id: string, key: string, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const points = await listUpTo(options.limit, (page) =>
        session.client.experiments.metricHistory({ id, key, ...page }),
      );
      session.list(
        points,
        { step: (p) => p.step, value: (p) => p.value, at: (p) => formatTime(p.timestamp) },
        `The run has no metric ${key}.`,
      );
    });
  example(metrics, 'runs metrics 4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50 mae');
}

const describeRun = (run: Run) => [
  `${run.name}  ${run.status}  run:${run.id}`,
  `started  ${formatTime(run.startedAt)} by ${run.user}, ended ${formatTime(run.endedAt)}`,
  ...run.inputs.map((input) => `reads    ${input.name} (${input.context})`),
  ...run.modelInputs.map((model) => `reads    ${model.name}  logged-model:${model.modelId}`),
  ...run.modelOutputs.map(
    (model) => `makes    ${model.name}  logged-model:${model.modelId} at step ${model.step}`,
  ),
  ...section('parameters', run.parameters),
  ...section(
    'metrics',
    Object.fromEntries(Object.entries(run.metrics).map(([key, value]) => [key, formatNumber(value)])),
  ),
  ...section('tags', run.tags),
];

function section(title: string, values: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(values);
  if (entries.length === 0) return [];
  return ['', `${title}:`, ...entries.map(([key, value]) => `  ${key} = ${value}`)];
}
