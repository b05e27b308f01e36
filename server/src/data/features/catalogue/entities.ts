import type { Column, Entity, EntityDefinition } from '@tidemill/contract';
import type { Caller } from '../../../base/caller.ts';
import { errors } from '../../../base/errors.ts';
import { formatReference, toUri } from '../../../base/references.ts';
import { type About, aboutOf, aboutWords, type Definition, shownEntry } from './definition.ts';
import { createDefinitions, type DefinitionsDependencies } from './definitions.ts';
import { assertFreeNames } from './names.ts';

interface EntityMeaning {
  readonly joinKeys: Column[];
}

const present = (definition: Definition<EntityMeaning, About>): Entity => {
  const { workspace, name, version, meaning, about, createdAt, createdBy } = definition;
  const reference = formatReference(name, version);
  const uri = toUri('entity', name, version);
  return { workspace, name, version, reference, uri, ...about, ...meaning, createdAt, createdBy };
};

/** What features are about: a customer, a symbol; named by its join keys. */
export function createEntities(deps: DefinitionsDependencies) {
  const definitions = createDefinitions<EntityMeaning, About, Entity>(deps, {
    kind: 'entity',
    domain: 'entities',
    present,
    isSameMeaning: (a, b) => spell(a) === spell(b),
    entriesOf: (definition) => [
      {
        kind: 'entity',
        feature: '',
        title: definition.name,
        words: [
          definition.name,
          ...aboutWords(definition.about),
          ...definition.meaning.joinKeys.map(({ name }) => name),
        ],
        shown: shownEntry(definition),
      },
    ],
    notFound: errors.entityNotFound,
    versionNotFound: errors.entityVersionNotFound,
  });

  return {
    ...definitions,

    getVersion: (input: { name: string; version: string }, caller: Caller): Promise<Entity> =>
      definitions.resolve(formatReference(input.name, input.version), caller.workspace),

    async put(
      input: EntityDefinition & { readonly name: string },
      caller: Caller,
    ): Promise<Entity & { unchanged: boolean }> {
      const { name, joinKeys } = input;
      assertFreeNames(
        `The entity '${name}'`,
        'join key',
        joinKeys.map((key) => key.name),
      );
      const meaning = { joinKeys: joinKeys.map((key) => ({ name: key.name, type: key.type })) };
      return definitions.put(name, { meaning, about: aboutOf(input), uses: [] }, caller);
    },

    async delete(input: { name: string }, caller: Caller): Promise<Record<string, never>> {
      await definitions.delete(input, caller);
      return {};
    },
  };
}

const spell = ({ joinKeys }: EntityMeaning): string =>
  JSON.stringify(joinKeys.map(({ name, type }) => [name, type]));

export type Entities = ReturnType<typeof createEntities>;
