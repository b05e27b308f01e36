import type { LogRedaction, LogStatus } from '@tidemill/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { example } from '../../pages.ts';
import { repeated, toInteger, toTime } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment } from '../../table.ts';

interface SetOptions {
  keepDays?: number;
  keepForever?: boolean;
  redact?: string[];
  redactNothing?: boolean;
}

export function addLogCommands(endpoints: Command): void {
  const log = endpoints
    .command('log')
    .description('how long predictions are kept, and what is never written');
  const show = log
    .command('show <name>')
    .description('how large the log is, what it lost, how long it is kept')
    .action(async (name: string, _: unknown, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.predictions.logStatus({ name }), describe);
    });
  example(show, 'endpoints log show forecast');
  const set = log
    .command('set <name>')
    .description('for lines from now on; days beyond are left out at once, their files go with tidemill gc')
    .option('--keep-days <days>', 'delete what was logged longer ago', toInteger)
    .option('--keep-forever', 'delete nothing')
    .option('--redact <column=how>', 'omit, hash or truncate a feature or output (repeatable)', repeated)
    .option('--redact-nothing', 'write every column')
    .action(async (name: string, options: SetOptions, command: Command) => {
      const session = sessionOf(command);
      const { keepDays, keepForever, redact, redactNothing } = options;
      const status = await session.client.predictions.putLog({
        name,
        retentionDays: keepForever ? null : keepDays,
        redact: redactNothing ? [] : redact?.map(toRedaction),
      });
      session.show(status, describe);
    });
  example(set, 'endpoints log set forecast --keep-days 90 --redact ssn=hash --redact email=omit');
  const usage = endpoints
    .command('usage <name>')
    .description(
      'who calls it, which versions answer, how often outside the training range or by the fallback',
    )
    .option('--since <time>', 'made since')
    .action(async (name: string, { since }: { since?: string }, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.predictions.usage({
        name,
        since: since === undefined ? undefined : toTime(since),
      });
      session.list(
        found.groups,
        {
          caller: (g) => g.caller,
          model: (g) => g.model || 'none',
          requests: (g) => g.requests,
          predictions: (g) => g.predictions,
          outside: (g) => g.outsideShare,
          fallback: (g) => g.fallbackShare,
          failed: (g) => g.failed,
          last: (g) => formatMoment(g.lastAt),
          'intended use': (g) =>
            found.intendedUse.find(({ model }) => model === g.model)?.intendedUse ?? null,
        },
        `${name} has not been asked yet.`,
      );
    });
  example(usage, 'endpoints usage forecast --since 2026-11-01');
}

function toRedaction(text: string): LogRedaction {
  const at = text.lastIndexOf('=');
  const how = text.slice(at + 1);
  if (at < 1 || (how !== 'omit' && how !== 'hash' && how !== 'truncate'))
    throw new InvalidArgumentError(`'${text}' is not column=omit, column=hash or column=truncate.`);
  return { column: text.slice(0, at), how };
}

const describe = (status: LogStatus): string[] => [
  `${status.predictions} predictions, ${status.outcomes} outcomes in ${status.sealedSegments} sealed and ${status.openSegments} open segments`,
  `kept      ${status.retentionDays === null ? 'for ever' : `${status.retentionDays} days`}`,
  `redacted  ${status.redact.map(({ column, how }) => `${column} (${how})`).join(', ') || 'nothing'}`,
  `lost      ${status.lost} lines, ${status.unwrittenFailures} failed requests counted only`,
  ...(status.problem ? [`problem   ${status.problem}; ${status.waiting} lines wait`] : []),
];
