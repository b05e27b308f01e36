import type { FeatureView, Row, TrainingSetDefinition } from '@tidemill/sdk';
import type { Command } from 'commander';
import { readDefinition, readRecords, readText } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { toInteger, toNames, toRecord, toReference, toTextPairs } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatMoment, formatTime, tableLines } from '../../table.ts';

export function addFeaturesCommands(program: Command): void {
  const features = program.command('features').description('feature views: SQL with entity and event time');
  addLists(features);
  addPreview(features);
  addMaterialize(features);
  addLookup(features);
  addTrainingSet(features);
}

function addLists(features: Command): void {
  const list = features
    .command('list')
    .description('all feature views')
    .addOption(limitOption())
    .action(async (options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) => session.client.features.list(page));
      session.list(
        items,
        {
          view: (v) => v.reference,
          entity: (v) => v.entity.join(','),
          features: (v) => v.features.length,
          reads: (v) => v.datasets.join(' '),
          created: (v) => formatTime(v.createdAt),
          description: (v) => v.description,
        },
        'No feature views. Declare one in tidemill.config.ts and run: tidemill apply',
      );
    });
  example(list, 'features list');
  const show = features
    .command('show <reference>')
    .description('one version of a feature view')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.features.get(toReference(reference)), describeView);
    });
  example(show, 'features show price_stats@latest');
}

const describeView = (view: FeatureView) => [
  `${view.reference}  ${view.description}`.trimEnd(),
  `entity   ${view.entity.join(', ')}, at ${view.eventTime}`,
  `reads    ${view.datasets.join(' ')}`,
  `created  ${formatTime(view.createdAt)} by ${view.createdBy}`,
  '',
  ...tableLines(view.features, { feature: (f) => f.name, type: (f) => f.type }),
  '',
  ...view.sql.replaceAll('\t', '  ').split('\n'),
];

interface PreviewOptions {
  entity: string[];
  eventTime: string;
  createdTime?: string;
  bind?: string[];
  limit: number;
}

function addPreview(features: Command): void {
  const preview = features
    .command('preview <file.sql>')
    .description('run a definition on some rows before anything is registered (- is standard input)')
    .requiredOption('--entity <columns>', 'columns that name the entity', toNames)
    .requiredOption('--event-time <column>', 'when the values were true')
    .option('--created-time <column>', 'when the values became known')
    .option('--bind <dataset=reference,…>', 'read these versions instead of the latest', toNames)
    .option('--limit <rows>', 'rows to show', toInteger, 20)
    .action(async (file: string, options: PreviewOptions, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.features.preview({
        sql: await readText(file),
        entity: options.entity,
        eventTime: options.eventTime,
        limit: options.limit,
        createdTime: options.createdTime,
        bindings: options.bind && toTextPairs(options.bind),
      });
      session.show(found, ({ columns, rows }) =>
        tableLines(rows, Object.fromEntries(columns.map((c) => [c.name, (row: Row) => row[c.name]]))),
      );
    });
  example(preview, 'features preview stats.sql --entity symbol --event-time date');
}

function addMaterialize(features: Command): void {
  const materialize = features
    .command('materialize <reference>')
    .description('write the newest value per entity to the online store')
    .option('--bind <dataset=reference,…>', 'read these versions instead of the latest', toNames)
    .action(async (reference: string, options: { bind?: string[] }, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.features.materialize({
        ...toReference(reference),
        bindings: options.bind && toTextPairs(options.bind),
      });
      session.show(
        found,
        (r) =>
          `${r.view}: ${r.written} of ${r.entities} entities written, newest ${r.newestEventTime === null ? '–' : formatMoment(r.newestEventTime)}.`,
      );
    });
  example(materialize, 'features materialize price_stats@2 --bind prices=prices@3');
}

function addLookup(features: Command): void {
  const lookup = features
    .command('lookup <reference> [entities...]')
    .description('online values by entity key: one word per entity, or records from a file')
    .option('--file <file>', 'JSON or NDJSON with entity keys (- is standard input)')
    .action(async (reference: string, words: string[], options: { file?: string }, command: Command) => {
      const session = sessionOf(command);
      const entities = options.file
        ? await readRecords(options.file)
        : words.map((word) => toRecord(word.split(',')));
      const reply = await session.client.features.lookup({ ...toReference(reference), entities });
      session.show(reply, ({ rows }) =>
        tableLines(
          entities.map((entity, i) => ({ entity, found: rows[i] ?? null })),
          {
            entity: (r) => Object.values(r.entity).join(','),
            'event time': (r) => (r.found ? formatMoment(r.found.eventTime) : 'not there'),
            values: (r) => r.found?.values ?? null,
          },
        ),
      );
    });
  example(lookup, 'features lookup price_stats@2 symbol=AAPL symbol=MSFT');
}

function addTrainingSet(features: Command): void {
  const build = features
    .command('training-set <definition>')
    .description(
      'build a point-in-time correct training set from a .json or .ts definition; a dataset version',
    )
    .option('--as-of <time>', 'leave out what was unknown at this time')
    .option('--bind <dataset=reference,…>', 'read these versions instead of the latest', toNames)
    .action(async (file: string, options: { asOf?: string; bind?: string[] }, command: Command) => {
      const session = sessionOf(command);
      const definition = await readDefinition<TrainingSetDefinition>(file);
      const version = await session.client.features.createTrainingSet({
        ...definition,
        asOf: options.asOf ?? definition.asOf,
        bindings: { ...definition.bindings, ...toTextPairs(options.bind ?? []) },
      });
      session.show(
        version,
        (v) => `${v.reference}: ${v.rows} rows${v.unchanged ? ', exactly what was there' : ''}.`,
      );
    });
  example(build, 'features training-set training-set.ts --as-of 2023-08-31');
}
