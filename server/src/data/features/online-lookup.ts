import type { FeatureView, Row } from '@tidemill/contract';
import type { OnlineStore } from '../../adapters/online/online.ts';
import type { Caller } from '../../base/caller.ts';
import { formatReference } from '../../base/references.ts';
import { type KeyColumn, onlineKey } from './online-keys.ts';
import { onlineName, unpackValues } from './online-values.ts';

export interface OnlineLookupDependencies {
  readonly online: OnlineStore;
  resolveView(reference: string, workspace: string): Promise<FeatureView>;
}

export interface Found {
  /** Milliseconds. */
  readonly eventTime: number;
  readonly values: Row;
}

const keysOf = (view: FeatureView): KeyColumn[] => view.entity.map((name) => ({ name, type: null }));

/** Reads online values by entity key. */
export function createOnlineLookup({ online, resolveView }: OnlineLookupDependencies) {
  /** For the prediction path: nothing but the online store. A value's age is the caller's to judge (`eventTime`). */
  async function readOnline(view: FeatureView, records: readonly Row[]): Promise<(Found | null)[]> {
    const keys = records.map((record) => onlineKey(keysOf(view), record));
    const [found = []] = await online.read([{ view: onlineName(view), keys }]);
    return found.map((row) => {
      if (row === null) return null;
      const values = unpackValues(view.features, row.values);
      return {
        eventTime: Math.floor(row.eventTime / 1000),
        values: Object.fromEntries(view.features.map(({ name }, i) => [name, values[i] ?? null])),
      };
    });
  }

  return {
    readOnline,

    async lookup(input: { name: string; version: string; entities: Row[] }, caller: Caller) {
      const view = await resolveView(formatReference(input.name, input.version), caller.workspace);
      return { rows: await readOnline(view, input.entities) };
    },
  };
}
