import type { FeatureView, Row } from '@tidemill/contract';
import type { OnlineStore, OnlineValues } from '../../adapters/online/online.ts';
import type { Caller } from '../../base/caller.ts';
import { formatReference } from '../../base/references.ts';
import { entityKey, onlineName } from './rules.ts';

export interface OnlineLookupDependencies {
  readonly online: OnlineStore;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

/** Reads online values by entity key. */
export function createOnlineLookup({ online, resolveView }: OnlineLookupDependencies) {
  /** For the prediction path: nothing but the online store. A value's age is the caller's to judge (`eventTime`). */
  const readOnline = (view: FeatureView, keys: readonly string[]): Promise<(OnlineValues | null)[]> =>
    online.read(onlineName(view), keys);

  return {
    readOnline,

    async lookup(input: { name: string; version: string; entities: Row[] }, caller: Caller) {
      const view = await resolveView(formatReference(input.name, input.version), caller.workspace);
      const found = await readOnline(
        view,
        input.entities.map((entity) => entityKey(view.entity, entity)),
      );
      return {
        rows: found.map((row) => (row ? { eventTime: row.eventTime, values: { ...row.values } } : null)),
      };
    },
  };
}
