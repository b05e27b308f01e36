import type { Split } from '@tidemill/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { example } from '../../pages.ts';
import { toInteger, toNames, toNumberPairs, toReference } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { tableLines } from '../../table.ts';

interface By {
  readonly by: Split['by'];
  readonly columns?: string[];
}

interface SplitOptions extends Record<string, unknown> {
  by: By;
  shares: string[];
  at?: string[];
  parts?: string[];
  seed: number;
  stratify?: string;
  name?: string;
}

export function addSplits(datasets: Command): void {
  const split = datasets
    .command('split <reference>')
    .description(
      'split a version into parts that are the same every time; each is a version of its own: prices.train@1',
    )
    .requiredOption(
      '--by <how>',
      'hash:symbol,date (rows of a key stay together; hash alone: the key of `datasets set`), time:date (time alone: the one column of times), or row',
      toBy,
    )
    .option('--shares <part=share,…>', 'parts in this order; shares sum to 1', toNames, [
      'train=0.8',
      'test=0.2',
    ])
    .addOption(
      new Option(
        '--at <instants>',
        'by time, instead of shares: a part begins at each of them: 2023-01-01,2023-06-01',
      )
        .argParser((text: string, before: string[] | undefined) => toNames(text, before))
        .conflicts('shares'),
    )
    .option('--parts <names>', 'with --at (default: train,test or train,valid,test)', toNames)
    .option('--stratify <column>', 'the same shares in every part for each value of this column')
    .option('--seed <number>', 'another one gives another split', toInteger, 0)
    .option('--name <split>', 'for a second split of the version: its parts are prices.NAME.train')
    .action(async (reference: string, options: SplitOptions, command: Command) => {
      const session = sessionOf(command);
      const { seed, stratify, name, at } = options;
      const parts = at ? options.parts?.map((part) => ({ name: part })) : toShares(options.shares);
      const made = await session.client.datasets.split({
        ...toReference(reference),
        ...options.by,
        at,
        parts,
        seed,
        stratify,
        split: name,
      });
      session.show(made, (found) => describeSplits([found]));
    });
  example(split, 'datasets split prices@3 --by hash:symbol --shares train=0.8,test=0.2 --seed 7');
  const splits = datasets
    .command('splits <reference>')
    .description('the splits of a version, and the versions that hold their parts')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.datasets.listSplits(toReference(reference));
      session.show(items, (found) =>
        found.length > 0 ? describeSplits(found) : `${reference} has no splits.`,
      );
    });
  example(splits, 'datasets splits prices@3');
}

const toShares = (shares: readonly string[]) =>
  Object.entries(toNumberPairs(shares)).map(([name, share]) => ({ name, share }));

function toBy(text: string): By {
  const colon = text.indexOf(':');
  const by = colon < 0 ? text : text.slice(0, colon);
  const columns = colon < 0 ? [] : toNames(text.slice(colon + 1));
  if (by === 'hash' || by === 'time' || by === 'row') return { by, ...(columns.length > 0 && { columns }) };
  throw new InvalidArgumentError('It must be hash:COLUMNS, time:COLUMN or row.');
}

function describeSplits(splits: readonly Split[]): string[] {
  const rows = splits.flatMap((split) => split.parts.map((part) => ({ split, part })));
  return tableLines(rows, {
    split: ({ split }) => split.name,
    by: ({ split }) => [split.by, ...split.columns].join(' '),
    ...(splits.some(({ at }) => at.length > 0) && {
      at: ({ split }) => split.at.map(dayText).join(' ') || null,
    }),
    stratified: ({ split }) => split.stratify,
    seed: ({ split }) => split.seed,
    part: ({ part }) => part.name,
    share: ({ part }) => Number(part.share.toFixed(4)),
    rows: ({ part }) => part.rows,
    reference: ({ part }) => part.reference,
  });
}

const dayText = (instant: string): string => instant.replace(/T00:00:00\.000Z$/, '');
