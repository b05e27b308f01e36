import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { example } from '../../pages.ts';
import { toNames, toReference, toTarget } from '../../parse.ts';
import { sessionOf } from '../../session.ts';

interface SetOptions {
  key?: string[] | false;
  description?: string;
}

export function addSet(datasets: Command): void {
  const set = datasets
    .command('set <name>')
    .description('remember which columns name a row, and what the dataset is')
    .option('--key <columns>', 'columns that name a row: symbol,date', toNames)
    .option('--no-key', 'forget them')
    .option('--description <text>', 'what the dataset is')
    .action(async (name: string, options: SetOptions, command: Command) => {
      const session = sessionOf(command);
      const updated = await session.client.datasets.update({
        name,
        description: options.description,
        ...(options.key !== undefined && { key: options.key === false ? [] : options.key }),
      });
      session.show(updated, ({ key, description }) => [
        `${name}: ${key.length > 0 ? `a row is named by ${key.join(', ')}` : 'no key'}`,
        ...(description ? [description] : []),
      ]);
    });
  example(set, 'datasets set prices --key symbol,date --description "daily prices"');
}

export function addTags(datasets: Command): void {
  const tag = datasets
    .command('tag <reference> <tag>')
    .description('point a tag at a version; a tag that is there moves')
    .action(async (reference: string, tagName: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const found = await session.client.datasets.getVersion(toReference(reference));
      const tagged = await session.client.datasets.setTag({
        name: found.dataset,
        tag: tagName,
        version: found.version,
      });
      session.show(tagged, (version) => `${version.dataset}@${tagName} is ${version.reference}.`);
    });
  example(tag, 'datasets tag prices@2 2023-09');
  const untag = datasets
    .command('untag <reference>')
    .description('take a tag off; the version stays')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { name, version } = toTarget(reference);
      if (version === null) throw failures.tagMissing(reference);
      const found = await session.client.datasets.deleteTag({ name, tag: version });
      session.show(found, ({ reference: kept }) => `${version} is no tag any more; ${kept} stays.`);
    });
  example(untag, 'datasets untag prices@2023-09');
}
