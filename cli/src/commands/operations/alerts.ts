import type { Alert } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment, formatNumber, formatTime } from '../../table.ts';

const states = ['open', 'acknowledged', 'resolved'] as const;

export function addAlertsCommands(program: Command): void {
  const alerts = program.command('alerts').description('what a monitor found, with its cause');
  addListAndShow(alerts);
  addAnswers(alerts);
}

interface ListOptions extends Limited {
  state?: Alert['state'];
  endpoint?: string;
}

function addListAndShow(alerts: Command): void {
  const list = alerts
    .command('list')
    .description('alerts, newest first')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .option('--endpoint <name>', 'only of this endpoint')
    .addOption(limitOption())
    .action(async (options: ListOptions, command: Command) => {
      const session = sessionOf(command);
      const { limit, state, endpoint } = options;
      const items = await listUpTo(limit, (page) => session.client.alerts.list({ state, endpoint, ...page }));
      session.list(
        items,
        {
          id: (a) => a.id,
          state: (a) => a.state,
          'event time': (a) => formatMoment(a.eventTime),
          about: (a) => a.endpoint ?? `view:${a.view}`,
          title: (a) => a.title,
          'loop run': (a) => a.loopRun,
        },
        'No alerts.',
      );
    });
  example(list, 'alerts list --state open');
  const show = alerts
    .command('show <id>')
    .description('one alert with its causes')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.alerts.get({ id }), describeAlert);
    });
  example(show, 'alerts show alert_0199f3');
}

const shownRows = 5;

const describeAlert = (alert: Alert): string[] => [
  `${alert.id}  ${alert.state}  ${alert.title}`,
  `monitor  ${alert.monitor} on ${alert.endpoint ?? `view:${alert.view}`}, at ${formatMoment(alert.eventTime)}`,
  `opened   ${formatTime(alert.openedAt)}, resolved ${formatTime(alert.resolvedAt)}`,
  ...(alert.loopRun ? [`loop run ${alert.loopRun}`] : []),
  ...alert.causes.flatMap((cause) => [
    '',
    `${cause.column}: ${cause.text} (${formatNumber(cause.value)} against ${formatNumber(cause.threshold)})`,
    ...cause.rows.slice(0, shownRows).map((row) => `  ${JSON.stringify(row)}`),
  ]),
];

function addAnswers(alerts: Command): void {
  for (const verb of ['acknowledge', 'resolve'] as const) {
    const answer = alerts
      .command(`${verb} <id>`)
      .description(verb === 'acknowledge' ? 'say that somebody looks' : 'close an alert')
      .option('--note <text>', 'what you know')
      .action(async (id: string, options: { note?: string }, command: Command) => {
        const session = sessionOf(command);
        const alert = await session.client.alerts[verb]({ id, note: options.note });
        session.show(alert, (a) => `${a.id} is ${a.state}.`);
      });
    example(answer, `alerts ${verb} alert_0199f3 --note "split of the share"`);
  }
}
