/** What is said about models and versions after they were made, and their end. */
import type { Client, ModelStage, ModelVersion, RegisteredModel } from '@tidemill/sdk';
import type { Command } from 'commander';
import { failures } from '../../failure.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { repeated, type Target, toName, toReference, toTarget, toTextPairs } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';

export function addLabelCommands(models: Command): void {
  addCreate(models);
  addSearch(models);
  addDescribe(models);
  addTag(models);
  addStage(models);
  addRename(models);
  addDelete(models);
  addPromotion(models);
}

function addCreate(models: Command): void {
  const create = models
    .command('create <name>')
    .description('a registered model without versions yet')
    .option('--description <text>', 'what it is')
    .option('--tag <key=value>', 'a tag (repeatable)', repeated)
    .action(async (name: string, options: { description?: string; tag?: string[] }, command: Command) => {
      const session = sessionOf(command);
      const { description, tag = [] } = options;
      const model = await session.client.registry.create({ name, description, tags: toTextPairs(tag) });
      session.show(model, (m) => `Created ${m.name}.`);
    });
  example(create, 'models create "price forecaster" --tag team=prices');
}

function addSearch(models: Command): void {
  const search = models
    .command('search [filter]')
    .description("versions of all models; the filter is MLflow's grammar")
    .option('--order-by <clause>', 'last_updated_timestamp DESC (repeatable)', repeated)
    .addOption(limitOption())
    .action(
      async (filter: string | undefined, options: Limited & { orderBy?: string[] }, command: Command) => {
        const session = sessionOf(command);
        const orderBy = options.orderBy?.join(', ');
        const items = await listUpTo(options.limit, (page) =>
          session.client.registry.searchVersions({ ...page, filter, orderBy }),
        );
        session.list(
          items,
          {
            reference: (v) => v.reference,
            stage: (v) => v.stage,
            aliases: (v) => v.aliases.join(' ') || null,
            tags: (v) => tagsOf(v) || null,
            source: (v) => v.source,
            updated: (v) => formatTime(v.updatedAt),
          },
          'No version is so.',
        );
      },
    );
  example(search, `models search "name LIKE 'fore%' AND tags.team = 'prices'"`);
}

function addDescribe(models: Command): void {
  const describe = models
    .command('describe <reference> <text>')
    .description('say what a model or one of its versions is')
    .action(async (reference: string, description: string, _options: object, command: Command) => {
      const { registry } = sessionOf(command).client;
      const { name, version } = toTarget(reference);
      const done = version
        ? await registry.updateVersion({ name, version, description })
        : await registry.update({ name, description });
      sessionOf(command).show<RegisteredModel | ModelVersion>(done, () => `Described ${reference}.`);
    });
  example(describe, 'models describe forecaster@3 "with the new calendar"');
}

function addTag(models: Command): void {
  const tag = models
    .command('tag <reference> <key=value...>')
    .description('tag a model or one of its versions')
    .action(async (reference: string, pairs: string[], _options: object, command: Command) => {
      const session = sessionOf(command);
      const target = toTarget(reference);
      for (const [key, value] of Object.entries(toTextPairs(pairs)))
        await setTag(session.client, target, key, value);
      session.show(await read(session.client, target), (found) => `${reference}: ${tagsOf(found)}`);
    });
  example(tag, 'models tag forecaster@3 team=prices');
  const untag = models
    .command('untag <reference> <keys...>')
    .description('remove tags of a model or one of its versions')
    .action(async (reference: string, keys: string[], _options: object, command: Command) => {
      const session = sessionOf(command);
      const target = toTarget(reference);
      for (const key of keys) await deleteTag(session.client, target, key);
      session.show(
        await read(session.client, target),
        (found) => `${reference}: ${tagsOf(found) || 'no tags'}`,
      );
    });
  example(untag, 'models untag forecaster@3 team');
}

const setTag = ({ registry }: Client, { name, version }: Target, key: string, value: string) =>
  version ? registry.setVersionTag({ name, version, key, value }) : registry.setTag({ name, key, value });
const deleteTag = ({ registry }: Client, { name, version }: Target, key: string) =>
  version ? registry.deleteVersionTag({ name, version, key }) : registry.deleteTag({ name, key });
const read = ({ registry }: Client, { name, version }: Target): Promise<RegisteredModel | ModelVersion> =>
  version ? registry.getVersion({ name, version }) : registry.get({ name });

const tagsOf = ({ tags }: { readonly tags: Readonly<Record<string, string>> }): string =>
  Object.entries(tags)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');

function addStage(models: Command): void {
  const stage = models
    .command('stage <reference> <stage>')
    .description(
      "set a version's stage: None, Staging, Production or Archived; a label, nothing is served by it",
    )
    .option('--archive-existing', 'the other versions at this stage become Archived')
    .action(
      async (reference: string, name: string, options: { archiveExisting?: true }, command: Command) => {
        const session = sessionOf(command);
        const archiveExisting = options.archiveExisting ?? false;
        const request = { ...toReference(reference), stage: name as ModelStage, archiveExisting };
        const version = await session.client.registry.setStage(request);
        session.show(version, (v) => `${v.reference} is at stage ${v.stage}.`);
      },
    );
  example(stage, 'models stage forecaster@3 Production --archive-existing');
}

function addRename(models: Command): void {
  const rename = models
    .command('rename <name> <new-name>')
    .description('rename a model that no endpoint serves')
    .action(async (name: string, newName: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      const model = await session.client.registry.rename({ name: toName(name), newName });
      session.show(model, (m) => `${name} is ${m.name} now.`);
    });
  example(rename, 'models rename forecaster price-forecaster');
}

function addDelete(models: Command): void {
  const remove = models
    .command('delete <reference>')
    .description('delete a version that no endpoint serves, or a whole model')
    .option('--all-versions', 'the model with all its versions')
    .action(async (reference: string, options: { allVersions?: true }, command: Command) => {
      const session = sessionOf(command);
      const done = options.allVersions
        ? await session.client.registry.delete({ name: toName(reference) })
        : await session.client.registry.deleteVersion(toVersion(reference));
      session.show(done, () => `Deleted ${reference}.`);
    });
  example(remove, 'models delete forecaster@1');
}

/** The newest one must be meant, not just left out. */
function toVersion(reference: string): { name: string; version: string } {
  const { name, version } = toTarget(reference);
  if (version === null) throw failures.versionsUnsaid(reference);
  return { name, version };
}

function addPromotion(models: Command): void {
  const promotion = models
    .command('promotion <id>')
    .description('what became of a wish to move an alias that an endpoint follows')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.governance.getPromotion({ id }), (p) => [
        `${p.id}: ${p.model} as ${p.alias} of ${p.endpoint} is ${p.state}`,
        `because   ${p.reason}`,
        `rollout   ${p.rollout ?? 'none'}`,
        `asked     ${formatTime(p.createdAt)} by ${p.createdBy}`,
      ]);
    });
  example(promotion, 'models promotion pr_019ac0f37b2c7d1e8f4a5b6c7d8e9f01');
  const promotions = models
    .command('promotions [name]')
    .description('promotions, newest first')
    .addOption(limitOption())
    .action(async (model: string | undefined, options: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(options.limit, (page) =>
        session.client.governance.listPromotions({ ...page, model }),
      );
      session.list(
        items,
        {
          id: (p) => p.id,
          model: (p) => p.model,
          alias: (p) => p.alias,
          endpoint: (p) => p.endpoint,
          state: (p) => p.state,
          rollout: (p) => p.rollout,
          reason: (p) => p.reason,
        },
        'No promotion was asked for.',
      );
    });
  example(promotions, 'models promotions forecaster');
}
