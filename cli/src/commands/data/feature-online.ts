import type { Materialization, Row } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { readRecords } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toNames, toRecord, toReference, toTextPairs } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment, tableLines } from '../../table.ts';

/** What feature views have online: written by materializing and pushes, read by look-ups. */
export function addOnlineCommands(features: Command): void {
  addMaterialize(features);
  addMaterializations(features);
  addLookup(features);
  addServiceLookup(features);
  addPush(features);
  addStatus(features);
}

const describeRun = (run: Materialization): string => {
  if (run.state !== 'succeeded')
    return `${run.view}: ${run.state}${run.error ? `: ${run.error}` : ''} (${run.id}).`;
  if (run.unchanged) return `${run.view}: nothing new since the last time.`;
  const newest = run.newestEventTime === null ? '–' : formatMoment(run.newestEventTime);
  const ahead = run.pending > 0 ? `, ${run.pending} rows lie ahead of now` : '';
  return `${run.view}: ${run.written} of ${run.entities} entities written, newest ${newest}${ahead}.`;
};

function addMaterialize(features: Command): void {
  const materialize = features
    .command('materialize <reference>')
    .description('write the newest value per entity to the online store')
    .option('--bind <dataset=reference,…>', 'read these versions instead of the latest', toNames)
    .option('--incremental', 'only what has changed since the last time')
    .option('--no-wait', 'reply as soon as it is queued')
    .action(
      async (
        reference: string,
        options: { bind?: string[]; incremental?: boolean; wait: boolean },
        command: Command,
      ) => {
        const session = sessionOf(command);
        const found = await session.client.features.materialize({
          ...toReference(reference),
          bindings: options.bind && toTextPairs(options.bind),
          mode: options.incremental ? 'incremental' : 'full',
          wait: options.wait,
        });
        session.show(found, describeRun);
      },
    );
  example(materialize, 'features materialize price_stats@2 --incremental');
}

function addMaterializations(features: Command): void {
  const list = features
    .command('materializations <view>')
    .description('what was written to the online store for a feature view, newest first')
    .addOption(limitOption())
    .action(async (name: string, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) =>
        session.client.features.listMaterializations({ name, ...page }),
      );
      session.list(
        items,
        {
          id: (r) => r.id,
          view: (r) => r.view,
          state: (r) => (r.unchanged ? 'unchanged' : r.state),
          mode: (r) => r.mode,
          by: (r) => (r.trigger === 'request' ? r.createdBy : r.trigger),
          entities: (r) => r.entities,
          written: (r) => r.written,
          newest: (r) => (r.newestEventTime === null ? '–' : formatMoment(r.newestEventTime)),
          started: (r) => (r.startedAt === null ? '–' : formatMoment(r.startedAt)),
        },
        'Nothing was materialized yet. Run: tidemill features materialize NAME@1',
      );
    });
  example(list, 'features materializations price_stats');
  const cancel = features
    .command('cancel-materialization <id>')
    .description('stop one that is queued or runs; what it has written stays')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.features.cancelMaterialization({ id }), describeRun);
    });
  example(cancel, 'features cancel-materialization task_01f2…');
}

async function toEntities(words: readonly string[], file: string | undefined): Promise<Row[]> {
  return file ? readRecords(file) : words.map((word) => toRecord(word.split(',')));
}

const fileOption = () => new Option('--file <file>', 'JSON or NDJSON with entity keys (- is standard input)');

function addLookup(features: Command): void {
  const lookup = features
    .command('lookup <reference> [entities...]')
    .description('online values by entity key: one word per entity, or records from a file')
    .addOption(fileOption())
    .action(async (reference: string, words: string[], options: { file?: string }, command: Command) => {
      const session = sessionOf(command);
      const entities = await toEntities(words, options.file);
      const reply = await session.client.features.lookup({ ...toReference(reference), entities });
      session.show(reply, ({ rows }) =>
        tableLines(
          entities.map((entity, i) => ({ entity, found: rows[i] ?? null })),
          {
            entity: (r) => Object.values(r.entity).join(','),
            'event time': (r) => timeOf(r.found),
            values: (r) => r.found?.values ?? null,
          },
        ),
      );
    });
  example(lookup, 'features lookup price_stats@2 symbol=AAPL symbol=MSFT');
}

/** Windows have values of no events, too. */
function timeOf(found: { readonly eventTime: number | null } | null): string {
  if (found === null) return 'not there';
  return found.eventTime === null ? 'no events' : formatMoment(found.eventTime);
}

function addServiceLookup(features: Command): void {
  const lookup = features
    .command('lookup-service <reference> [entities...]')
    .description('all features of a service by entity keys and fields of the request: one word per entity')
    .addOption(fileOption())
    .action(async (reference: string, words: string[], options: { file?: string }, command: Command) => {
      const session = sessionOf(command);
      const entities = await toEntities(words, options.file);
      const reply = await session.client.features.lookupService({ ...toReference(reference), entities });
      const cells = reply.rows.flatMap((row, r) =>
        reply.features.map((feature, i) => ({ entity: entities[r] ?? {}, feature, row, i })),
      );
      session.show(reply, () =>
        tableLines(cells, {
          entity: (c) => Object.values(c.entity).join(','),
          feature: (c) => c.feature,
          value: (c) => c.row.values[c.i] ?? null,
          status: (c) => c.row.statuses[c.i] ?? '',
          'event time': (c) => {
            const time = c.row.eventTimes[c.i] ?? null;
            return time === null ? '–' : formatMoment(time);
          },
        }),
      );
    });
  example(lookup, 'features lookup-service pricing@1 symbol=AAPL,amount=5');
}

type Destination = 'online' | 'offline' | 'online_and_offline';

function addPush(features: Command): void {
  const push = features
    .command('push <reference> <file>')
    .description('push rows to a feature view: JSON or NDJSON (- is standard input)')
    .addOption(
      new Option('--to <place>', 'for look-ups, into its dataset, or both')
        .choices(['online', 'offline', 'online_and_offline'])
        .default('online'),
    )
    .option(
      '--key <name>',
      'sent again with this key, offline rows are not appended twice, and events count once',
    )
    .action(
      async (
        reference: string,
        file: string,
        options: { to: Destination; key?: string },
        command: Command,
      ) => {
        const session = sessionOf(command);
        const rows = await readRecords(file);
        const reply = await session.client.features.push({
          ...toReference(reference),
          rows,
          to: options.to,
          key: options.key,
        });
        session.show(reply, ({ view, online, offline, notices }) => {
          const parts = [
            ...(online ? [`${online.written} kept online`] : []),
            ...(offline ? [`${offline.repeated ? 'there already' : 'appended'} in ${offline.version}`] : []),
          ];
          return [
            `${view}: ${reply.rows} ${reply.rows === 1 ? 'row' : 'rows'}, ${parts.join(', ')}.`,
            ...notices,
          ];
        });
      },
    );
  example(push, 'features push clicks@1 clicks.ndjson --to online_and_offline --key hour-7');
}

function addStatus(features: Command): void {
  const status = features
    .command('online-store')
    .description('where online values are kept, and whether it answers')
    .action(async (_options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(
        await session.client.features.onlineStatus(),
        ({ kind, address, problem }) => `${kind} at ${address}: ${problem ?? 'answers'}.`,
      );
    });
  example(status, 'features online-store');
}
