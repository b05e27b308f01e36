import type { Row } from '@tidemill/sdk';
import type { Command } from 'commander';
import { readText } from '../../files.ts';
import { example } from '../../pages.ts';
import { toInteger, toNames, toTextPairs } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { tableLines } from '../../table.ts';
import { addCatalogueCommands } from './feature-catalogue.ts';
import { addHealthCommand } from './feature-health.ts';
import { addOnlineCommands } from './feature-online.ts';
import { addTrainingSetCommand } from './training-set.ts';

export function addFeaturesCommands(program: Command): void {
  const features = program
    .command('features')
    .description('entities, feature views, feature services, training sets, online values');
  addCatalogueCommands(features);
  addPreview(features);
  addOnlineCommands(features);
  addHealthCommand(features);
  addTrainingSetCommand(features);
}

interface PreviewOptions {
  entity?: string[];
  entities?: string[];
  eventTime: string;
  createdTime?: string;
  bind?: string[];
  limit: number;
}

function addPreview(features: Command): void {
  const preview = features
    .command('preview <file.sql>')
    .description('run a definition on some rows before anything is registered (- is standard input)')
    .option('--entities <names>', 'entities that it is about', toNames)
    .option('--entity <columns>', 'instead of entities: the key columns', toNames)
    .requiredOption('--event-time <column>', 'when the values were true')
    .option('--created-time <column>', 'when the values became known')
    .option('--bind <dataset=reference,…>', 'read these versions instead of the latest', toNames)
    .option('--limit <rows>', 'rows to show', toInteger, 20)
    .action(async (file: string, options: PreviewOptions, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.features.preview({
        sql: await readText(file),
        ...(options.entities && { entities: options.entities }),
        ...(options.entity && { entity: options.entity }),
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
