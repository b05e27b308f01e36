import type { LoggedModel } from '@tidemill/sdk';
import type { Command } from 'commander';
import { findExperiments } from '../../find-experiments.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { repeated } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatNumber, formatTime, tableLines } from '../../table.ts';

const shownId = 'm-4f0c9f0e4d0b4d0a8f8e5c1d2b3a4f50';

/** What MLflow 3 logs before anything is registered. */
export function addLoggedCommands(models: Command): void {
  const logged = models
    .command('logged')
    .description('logged models: what a run left before it is registered');
  addList(logged);
  addOne(logged);
}

interface ListOptions extends Limited {
  experiment?: string[];
  run?: string;
  filter?: string;
  orderBy?: string[];
}

function addList(logged: Command): void {
  const list = logged
    .command('list')
    .alias('search')
    .description("logged models, newest first; the filter is MLflow's grammar")
    .option('--experiment <name>', 'only of this one, by name or id (repeatable)', repeated)
    .option('--run <id>', 'only those that this run made')
    .option('--filter <expression>', 'metrics.mae < 2 and params.learner = "ridge"')
    .option('--order-by <clause>', 'metrics.mae ASC (repeatable)', repeated)
    .addOption(limitOption())
    .action(async (options: ListOptions, command: Command) => {
      const session = sessionOf(command);
      const experiments = await findExperiments(session.client, options.experiment);
      const found = await listUpTo(options.limit, (page) =>
        session.client.loggedModels.searchLoggedModels({
          experimentIds: experiments.map((e) => e.id),
          filter: toFilter(options),
          orderBy: options.orderBy,
          ...page,
        }),
      );
      session.list(found, columns, 'No logged models match.');
    });
  example(list, 'models logged list --experiment forecasting --order-by "metrics.mae ASC"');
}

/** A run's id holds no quote, or the server refuses the filter. */
function toFilter({ run, filter }: ListOptions): string | undefined {
  if (run === undefined) return filter;
  const ofRun = `source_run_id = '${run.replaceAll("'", "''")}'`;
  return filter === undefined ? ofRun : `${ofRun} and (${filter})`;
}

const columns = {
  model: (m: LoggedModel) => m.id,
  name: (m: LoggedModel) => m.name,
  status: (m: LoggedModel) => m.status,
  created: (m: LoggedModel) => formatTime(m.createdAt),
  run: (m: LoggedModel) => m.sourceRunId,
  registered: (m: LoggedModel) => m.registrations.map(toReference).join(', ') || null,
};

function addOne(logged: Command): void {
  const show = logged
    .command('show <id>')
    .description('one logged model: parameters, metrics, tags, what it was registered as')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.loggedModels.getLoggedModel({ id }), describe);
    });
  example(show, `models logged show ${shownId}`);
  const remove = logged
    .command('delete <id>')
    .description('delete a logged model; `models logged restore` takes it back')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      await session.client.loggedModels.deleteLoggedModel({ id });
      session.show(
        { id },
        () => `Deleted logged model ${id}. Take it back: tidemill models logged restore ${id}`,
      );
    });
  example(remove, `models logged delete ${shownId}`);
  const restore = logged
    .command('restore <id>')
    .description('take a deleted logged model back')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const restored = await session.client.loggedModels.restoreLoggedModel({ id });
      session.show(restored, () => `Restored logged model ${id}.`);
    });
  example(restore, `models logged restore ${shownId}`);
}

const describe = (model: LoggedModel) => [
  `${model.name}  ${model.status}${model.lifecycle === 'deleted' ? ', deleted' : ''}  logged-model:${model.id}`,
  `created  ${formatTime(model.createdAt)}${model.sourceRunId === null ? '' : ` by run:${model.sourceRunId}`}`,
  `files    ${model.artifactUri}`,
  ...model.registrations.map((one) => `is       model:${toReference(one)}`),
  ...section('parameters', model.parameters),
  ...(model.metrics.length === 0 ? [] : ['', ...tableLines(model.metrics, metricColumns)]),
  ...section('tags', model.tags),
];

type Metric = LoggedModel['metrics'][number];
const metricColumns = {
  metric: (m: Metric) => m.key,
  value: (m: Metric) => formatNumber(m.value),
  step: (m: Metric) => m.step,
  data: (m: Metric) => m.datasetName,
  run: (m: Metric) => m.runId,
};

/** MLflow's names may hold anything; such a one stands in quotes. */
const toReference = ({ name, version }: LoggedModel['registrations'][number]): string =>
  `${/^[a-z0-9][a-z0-9._-]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`}@${version}`;

function section(title: string, values: Readonly<Record<string, string>>): string[] {
  const entries = Object.entries(values);
  if (entries.length === 0) return [];
  return ['', `${title}:`, ...entries.map(([key, value]) => `  ${key} = ${value}`)];
}
