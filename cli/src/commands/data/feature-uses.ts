import type { FeatureImpact, FeatureUses, FeatureViewDefinition } from '@tidemill/sdk';
import type { Command } from 'commander';
import { readDefinition, readText } from '../../files.ts';
import { example } from '../../pages.ts';
import { toName, toReference, toTarget } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';

export const kindHelp = 'a view, or with its kind: view:price_stats@2, entity:symbol, service:pricing@1';

/** What stands before the colon of a reference; nothing means a view. */
export const kindOf = (reference: string): string => /^([a-z-]+):/.exec(reference)?.[1] ?? 'view';

/** Who uses a definition, and whom a change of it would touch. */
export function addUsesCommands(features: Command): void {
  addUses(features);
  addImpact(features);
}

function addUses(features: Command): void {
  const uses = features
    .command('uses <reference>')
    .description(`who uses ${kindHelp}`)
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await usesOf(session, reference), describeUses);
    });
  example(uses, 'features uses price_stats@2');
}

function usesOf({ client }: Session, reference: string): Promise<FeatureUses> {
  const at = toReference(reference);
  const kind = kindOf(reference);
  if (kind === 'entity') return client.entities.uses(at);
  return kind === 'service' ? client.featureServices.uses(at) : client.features.uses(at);
}

const userLines = (uses: FeatureUses): string[] => {
  const parts: readonly [string, readonly string[]][] = [
    ['views', uses.views],
    ['services', uses.services],
    ['training sets', uses.trainingSets],
    ['models', uses.models],
    ['endpoints', uses.endpoints],
  ];
  const present = parts.filter(([, uris]) => uris.length > 0);
  const width = Math.max(0, ...present.map(([title]) => title.length));
  const lines = present.map(([title, uris]) => `${title.padEnd(width)}  ${uris.map(bare).join(' ')}`);
  return uses.truncated ? [...lines, '… and more'] : lines;
};
const bare = (uri: string): string => uri.replace(/^[a-z-]+:/, '');

const describeUses = (uses: FeatureUses): string[] => {
  const lines = userLines(uses);
  return lines.length === 0 ? [`Nothing uses ${uses.uri}.`] : [`${uses.uri} is used by`, ...lines];
};

interface ImpactOptions {
  readonly sql?: string;
  readonly ttl?: string;
}

function addImpact(features: Command): void {
  const impact = features
    .command('impact <view> [definition]')
    .description(
      'what another definition (.json, .ts) or another SQL would change, and for whom; nothing is registered',
    )
    .option('--sql <file.sql>', 'the view as it is, with this SQL')
    .option('--ttl <duration>', 'the view as it is, with this ttl: 36h')
    .action(async (view: string, file: string | undefined, options: ImpactOptions, command: Command) => {
      const session = sessionOf(command);
      const name = toName(toTarget(view).name);
      const definition: FeatureViewDefinition = {
        ...(file === undefined
          ? await definitionOf(session, name)
          : await readDefinition<FeatureViewDefinition>(file)),
        ...(options.sql !== undefined && { sql: await readText(options.sql) }),
        ...(options.ttl !== undefined && { ttl: options.ttl }),
      };
      session.show(await session.client.features.impact({ name, ...definition }), describeImpact);
    });
  example(impact, 'features impact price_stats --sql price_stats.sql');
}

/** The latest version as it would be defined again. */
async function definitionOf({ client }: Session, name: string): Promise<FeatureViewDefinition> {
  const view = await client.features.get({ name, version: 'latest' });
  return {
    sql: view.sql,
    eventTime: view.eventTime,
    ...(view.entities.length > 0
      ? { entities: view.entities.map((reference) => toTarget(reference).name) }
      : { entity: view.entity }),
    ...(view.createdTime !== null && { createdTime: view.createdTime }),
    ...(view.ttl !== null && { ttl: view.ttl }),
  };
}

function describeImpact(impact: FeatureImpact): string[] {
  if (impact.view === null) return ['A new view: nobody uses it yet.'];
  if (impact.sameMeaning) return [`It means the same as ${impact.view}.`];
  const changes = impact.features.flatMap(({ name, change, from, to, uses }) => {
    const what = change === 'retyped' ? `${change} from ${from} to ${to}` : change;
    const touched = change === 'added' ? [] : userLines(uses).map((line) => `  ${line}`);
    return [`${name} is ${what}${touched.length > 0 ? ', and is used by' : ''}`, ...touched];
  });
  const users = userLines(impact.uses).map((line) => `  ${line}`);
  return [
    `A new version, after ${impact.view}: ${impact.changes.join(', ')} differ.`,
    ...changes,
    ...(users.length > 0 ? [`Users of ${impact.view} keep it until they are moved:`, ...users] : []),
  ];
}
