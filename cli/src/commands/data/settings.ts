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
  const tags = datasets
    .command('tags <name>')
    .description('the tags of a dataset')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { items } = await session.client.datasets.listTags({ name });
      session.list(items, { tag: (t) => t.tag, version: (t) => t.reference }, `${name} has no tags.`);
    });
  example(tags, 'datasets tags prices');
}

export function addDelete(datasets: Command): void {
  const remove = datasets
    .command('delete <name>')
    .description('delete a dataset, or one version of it (prices@2), that nothing uses')
    .action(async (text: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const { name, version } = toTarget(text);
      if (version === null) {
        session.show(await session.client.datasets.delete({ name }), () => `Deleted ${name}.`);
        return;
      }
      const found = await session.client.datasets.getVersion({ name, version });
      const gone = await session.client.datasets.deleteVersion({ name, version: found.version });
      session.show(
        gone,
        ({ reference }) => `Deleted ${reference}; its space is free after tidemill gc --apply.`,
      );
    });
  example(remove, 'datasets delete prices@2');
}
