import type { Source, SourceDefinition } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import type { Sources } from '../../data/sources/service.ts';
import {
  creation,
  type KindOfThing,
  outlookOf,
  ownedFields,
  type PlanContext,
  thing,
  toProjectError,
  waitFor,
} from './rules.ts';

/** The file says everything of a source but its secrets: who applies a file need not know them. */
export function sourceKind(sources: Pick<Sources, 'find' | 'create' | 'update'>): KindOfThing {
  const wantedOf = (name: string, { file }: PlanContext) => thing(file, 'sources', name);
  return {
    async look(name, context) {
      const wanted = normalised(wantedOf(name, context));
      const current = await sources.find(name, context.caller.workspace);
      if (current && wanted.dataset !== undefined && wanted.dataset !== current.dataset) {
        const reason = `the source fills '${current.dataset}'; delete it first, or name another source`;
        throw errors.projectInvalid({ path: `sources.${name}.dataset`, reason });
      }
      if (current) return outlookOf(ownedFields(declared(current), wanted), wanted);
      // It cannot be read without its address, so somebody who has that creates it.
      return wanted.from.kind === 'postgres' ? waitFor(`secret:${name}`) : creation(wanted);
    },
    async bring(name, outlook, context) {
      const { dataset, ...wanted } = wantedOf(name, context);
      const path = `sources.${name}`;
      const bringing =
        outlook.action === 'create'
          ? sources.create({ name, ...wanted, ...(dataset !== undefined && { dataset }) }, context.caller)
          : sources.update({ name, ...wanted }, context.caller);
      await bringing.catch((error: unknown) => {
        throw toProjectError(error, path);
      });
    },
  };
}

/** In the one spelling in which sources are kept. */
const normalised = (wanted: SourceDefinition): SourceDefinition => ({
  ...wanted,
  ...(wanted.schedule && { schedule: { timeZone: 'UTC', ...wanted.schedule } }),
});

function declared({ cursor, ...source }: Source): object {
  return {
    ...source,
    cursor: cursor && {
      column: cursor.column,
      ...(cursor.lookback !== null && { lookback: cursor.lookback }),
    },
  };
}
