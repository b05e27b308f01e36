import type { Monitor, MonitorResult } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment, formatTime, tableLines } from '../../table.ts';

export function addMonitorsCommands(program: Command): void {
  const monitors = program
    .command('monitors')
    .description(
      'endpoints: drift, out of range, realised error, skew; views: freshness, parity, null rate, drift',
    );
  addListAndShow(monitors);
  addChecks(monitors);
}

function addListAndShow(monitors: Command): void {
  const list = monitors
    .command('list')
    .description('all monitors')
    .option('--endpoint <name>', 'only of this endpoint')
    .option('--view <name>', 'only of this feature view')
    .addOption(limitOption())
    .action(async (options: Limited & { endpoint?: string; view?: string }, command: Command) => {
      const session = sessionOf(command);
      const { limit, endpoint, view } = options;
      const items = await listUpTo(limit, (page) =>
        session.client.monitoring.list({ endpoint, view, ...page }),
      );
      session.list(
        items,
        {
          name: (m) => m.name,
          watches: (m) => m.endpoint ?? `view:${m.view}`,
          kind: (m) => m.kind,
          columns: (m) => m.columns?.join(',') ?? 'all',
          window: (m) => m.window,
          'false alarms': (m) => m.falseAlarmRate,
        },
        'No monitors. Declare one in tidemill.config.ts and run: tidemill apply',
      );
    });
  example(list, 'monitors list --endpoint forecast');
  const show = monitors
    .command('show <name>')
    .description('one monitor with its newest results')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const monitor = await session.client.monitoring.get({ name });
      const { items } = await session.client.monitoring.results({ name, limit: 20 });
      session.show({ ...monitor, results: items }, (found) => [
        ...describeMonitor(found),
        '',
        ...(items.length === 0 ? ['No window judged yet.'] : tableLines(items, resultColumns)),
      ]);
    });
  example(show, 'monitors show forecast-drift');
}

const describeMonitor = (monitor: Monitor): string[] => [
  `${monitor.name}: ${monitor.kind} on ${monitor.endpoint ?? `view:${monitor.view}`}${monitor.automatic ? ', declared by itself' : ''}`,
  `columns    ${monitor.columns?.join(', ') ?? 'all of the live model'}`,
  `reference  ${monitor.reference ?? "the live model's training set"}`,
  `created    ${formatTime(monitor.createdAt)}`,
];

const resultColumns = {
  'event time': (r: MonitorResult) => formatMoment(r.eventTime),
  column: (r: MonitorResult) => r.column,
  statistic: (r: MonitorResult) => r.statistic,
  value: (r: MonitorResult) => r.value,
  threshold: (r: MonitorResult) => r.threshold,
  rows: (r: MonitorResult) => r.rows,
  verdict: (r: MonitorResult) => (r.breached ? 'BREACHED' : 'fine'),
};

function addChecks(monitors: Command): void {
  const check = monitors
    .command('check <name>')
    .description('judge the newest window now')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { results } = await session.client.monitoring.check({ name });
      session.list(results, resultColumns, 'Too few rows for a window yet.');
    });
  example(check, 'monitors check forecast-drift');
  const results = monitors
    .command('results <name>')
    .description('results by event time, newest first')
    .option('--column <column>', 'only of this column')
    .addOption(limitOption())
    .action(async (name: string, options: Limited & { column?: string }, command: Command) => {
      const session = sessionOf(command);
      const { limit, column } = options;
      const items = await listUpTo(limit, (page) =>
        session.client.monitoring.results({ name, column, ...page }),
      );
      session.list(items, resultColumns, `${name} has not judged a window yet.`);
    });
  example(results, 'monitors results forecast-drift --column close');
}
