import type { EndpointRevision, EndpointStatus, FallbackStep } from '@tidemill/sdk';
import { Argument, type Command } from 'commander';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toInteger } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime, tableLines } from '../../table.ts';
import { addClientCommand } from './client-file.ts';
import { addEventSinkCommands } from './event-sink.ts';
import { addLogCommands } from './log-settings.ts';
import { addPredictCommand } from './predict.ts';
import { addScoreCommand } from './scorings.ts';
import { addTrafficCommands } from './traffic.ts';

export function addEndpointsCommands(program: Command): void {
  const endpoints = program
    .command('endpoints')
    .description('models behind one address, in immutable revisions');
  addLists(endpoints);
  addPredictCommand(endpoints);
  addClientCommand(endpoints);
  addScoreCommand(endpoints);
  addLogCommands(endpoints);
  addTrafficCommands(endpoints);
  addSwitches(endpoints);
  addEventSinkCommands(endpoints);
}

const variantsOf = (revision: EndpointRevision): string =>
  revision.variants
    .map((v) => `${v.name}=${v.model} ${v.shadow ? 'shadow' : `${Math.round(v.weight * 1000) / 10} %`}`)
    .join(', ');

const stepOf = (step: FallbackStep): string => {
  if (step === 'previous') return 'previous (none yet)';
  if ('rule' in step) return step.rule;
  if ('value' in step) return `always ${step.value}`;
  return `${step.model}${step.previous ? ' (previous)' : ''}`;
};

/** Numbered as `--step` takes them. */
function chainOf({ fallback, fallbacks }: EndpointRevision): string {
  const steps = [...fallbacks.map(stepOf), ...(fallback === null ? [] : [fallback])];
  if (steps.length <= 1) return steps[0] ?? 'none';
  return steps.map((step, i) => `${i + 1}. ${step}`).join('  ');
}

function forcedOf({ fallbackForced, fallbackReason, fallbackStep }: EndpointStatus): string {
  if (!fallbackForced) return '';
  return `  FORCED${(fallbackStep ?? 1) > 1 ? ` to ${fallbackStep}` : ''}: ${fallbackReason}`;
}

function queueOf({ live, queue }: EndpointStatus): string {
  const rate = queue.perSecond === null ? '' : `, ${queue.perSecond.toPrecision(3)} answers a second`;
  return `${queue.underWay} of ${live.maxQueue} under way, ${queue.refused} refused${rate}`;
}

const revisionColumns = {
  revision: (r: EndpointRevision) => r.uri.replace(/^endpoint:/, ''),
  live: (r: EndpointRevision) => (r.live ? 'live' : ''),
  variants: variantsOf,
  by: (r: EndpointRevision) => r.createdBy,
  created: (r: EndpointRevision) => formatTime(r.createdAt),
  reason: (r: EndpointRevision) => r.reason,
};

function addLists(endpoints: Command): void {
  const list = endpoints
    .command('list')
    .description('endpoints with their live revision')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.endpoints.list(page));
      session.list(
        items,
        revisionColumns,
        'No endpoints. Declare one in tidemill.config.ts and run: tidemill apply',
      );
    });
  example(list, 'endpoints list');
  const show = endpoints
    .command('show <name>')
    .description('the live revision, the switch and the runtimes')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.endpoints.get({ name }), describeStatus);
    });
  example(show, 'endpoints show forecast');
  const revisions = endpoints
    .command('revisions <name>')
    .description('all revisions, newest first')
    .addOption(limitOption())
    .action(async (name: string, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) =>
        session.client.endpoints.listRevisions({ name, ...page }),
      );
      session.list(items, revisionColumns, `${name} has no revisions.`);
    });
  example(revisions, 'endpoints revisions forecast');
}

const describeStatus = (status: EndpointStatus): string[] => {
  const { live } = status;
  return [
    `${live.uri}  ${live.description}`.trimEnd(),
    `entity    ${live.entity.join(', ')}; ${live.isolation}, timeout ${live.timeoutMs} ms, log ${live.log}`,
    `fallback  ${chainOf(live)}${forcedOf(status)}`,
    `queue     ${queueOf(status)}`,
    `live      since ${formatTime(live.createdAt)} by ${live.createdBy}${live.reason ? `: ${live.reason}` : ''}`,
    '',
    ...tableLines(live.variants, {
      variant: (v) => v.name,
      model: (v) => v.model,
      weight: (v) => v.weight,
      role: (v) => (v.shadow ? 'shadow' : 'live'),
      view: (v) => v.view ?? v.service,
    }),
    '',
    ...tableLines(status.runtimes, {
      runtime: (r) => r.kind,
      model: (r) => r.model,
      state: (r) => r.state,
      pid: (r) => r.pid,
      restarts: (r) => r.restarts,
      breaker: (r) => r.breaker,
    }),
  ];
};

interface SwitchOptions {
  readonly reason: string;
  readonly step?: number;
}

function standInOf({ live, fallbackStep }: EndpointStatus): string {
  const step = live.fallbacks[(fallbackStep ?? 1) - 1];
  return step === undefined || (typeof step === 'object' && 'rule' in step) ? 'its rule' : stepOf(step);
}

function addSwitches(endpoints: Command): void {
  const rollback = endpoints
    .command('rollback <name>')
    .description('make an earlier revision live again (default: the one before)')
    .option('--to <revision>', 'number of the revision', toInteger)
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(async (name: string, options: { to?: number; reason: string }, command: Command) => {
      const session = sessionOf(command);
      const { to: revision, reason } = options;
      const live = await session.client.endpoints.rollback({ name, revision, reason });
      session.show(live, (r) => `${r.endpoint} is live as revision ${r.revision}: ${variantsOf(r)}`);
    });
  example(rollback, 'endpoints rollback forecast --reason "errors since noon"');
  const fallback = endpoints
    .command('fallback <name>')
    .addArgument(new Argument('<switch>', 'fallbacks instead of the model').choices(['on', 'off']))
    .description('switch the endpoint to its fallbacks, or back')
    .option('--step <number>', 'of its fallbacks, to begin with (default: the first)', toInteger)
    .requiredOption('--reason <text>', 'why; it is audited')
    .action(async (name: string, position: string, options: SwitchOptions, command: Command) => {
      const session = sessionOf(command);
      const status = await session.client.endpoints.forceFallback({
        name,
        enabled: position === 'on',
        ...options,
      });
      session.show(
        status,
        (s) => `${s.name} answers by ${s.fallbackForced ? standInOf(s) : variantsOf(s.live)}.`,
      );
    });
  example(fallback, 'endpoints fallback forecast on --reason "feed is down"');
  const remove = endpoints
    .command('delete <name>')
    .description('delete an endpoint; its log stays')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.endpoints.delete({ name }), () => `Deleted ${name}.`);
    });
  example(remove, 'endpoints delete forecast');
}
