import type { EndpointStats } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example } from '../../pages.ts';
import { toInteger } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime, tableLines } from '../../table.ts';

type Counts = EndpointStats['variants'][number];
type Phase = keyof Counts['phases'];

interface Options {
  readonly minutes?: number;
}

const minutesOption = () =>
  new Option('--minutes <number>', 'how far to look back, 1 to 60 (default: 5)').argParser(toInteger);

const shareOf = (part: number, whole: number): string | null =>
  part === 0 ? null : `${Number(((part / Math.max(whole, 1)) * 100).toPrecision(3))} %`;
const timeOf = (counts: Counts, phase: Phase, at: 'p50' | 'p95' | 'p99') => counts.phases[phase][at];

/** How endpoints do just now: all of them, or one by the phases of its requests. */
export function addTrafficCommands(endpoints: Command): void {
  const top = endpoints
    .command('top')
    .description('requests, failures and latency of every endpoint over the last minutes, the busiest first')
    .addOption(minutesOption())
    .action(async ({ minutes }: Options, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.endpoints.listStats({ minutes });
      const rows = items.flatMap(({ variants, endpoint, from, to }) =>
        variants.map((counts) => ({ endpoint, seconds: (to - from) / 1000, ...counts })),
      );
      session.list(
        rows,
        {
          endpoint: (row) => row.endpoint,
          variant: (row) => row.variant,
          model: (row) => row.model,
          requests: (row) => row.requests,
          'per s': (row) => Number((row.requests / Math.max(row.seconds, 1)).toPrecision(3)),
          fallback: (row) => shareOf(row.fallbacks, row.requests),
          failed: (row) => shareOf(row.failures, row.requests),
          'p50 ms': (row) => timeOf(row, 'total', 'p50'),
          'p95 ms': (row) => timeOf(row, 'total', 'p95'),
          'p99 ms': (row) => timeOf(row, 'total', 'p99'),
        },
        'Nobody asked any endpoint in these minutes. Ask one: tidemill endpoints predict NAME --record …',
      );
    });
  example(top, 'endpoints top --minutes 15');
  const stats = endpoints
    .command('stats <name>')
    .description('p50, p95 and p99 of one endpoint per variant and phase, with its failures and fallbacks')
    .addOption(minutesOption())
    .action(async (name: string, { minutes }: Options, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.endpoints.stats({ name, minutes }), describeStats);
    });
  example(stats, 'endpoints stats forecast');
}

const phases: readonly Phase[] = ['queue', 'features', 'inference', 'total'];

function describeStats({ endpoint, from, to, variants }: EndpointStats): string[] {
  const period = `${endpoint}, ${formatTime(from)} to ${formatTime(to)}`;
  if (variants.length === 0) return [period, 'Nobody asked it in these minutes.'];
  return [
    period,
    '',
    ...tableLines(variants, {
      variant: (row) => row.variant,
      model: (row) => row.model,
      requests: (row) => row.requests,
      fallbacks: (row) => row.fallbacks,
      share: (row) => shareOf(row.fallbacks, row.requests),
      failures: (row) => row.failures,
      'of all': (row) => shareOf(row.failures, row.requests),
    }),
    '',
    ...tableLines(
      variants.flatMap((row) => phases.map((phase) => ({ row, phase }))),
      {
        variant: ({ row }) => row.variant,
        phase: ({ phase }) => phase,
        'p50 ms': ({ row, phase }) => timeOf(row, phase, 'p50'),
        'p95 ms': ({ row, phase }) => timeOf(row, phase, 'p95'),
        'p99 ms': ({ row, phase }) => timeOf(row, phase, 'p99'),
      },
    ),
  ];
}
