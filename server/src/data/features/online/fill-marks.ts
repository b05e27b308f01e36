/** Marks in the online store, by which a run knows that what the one before wrote is still there. */
import type { FeatureView } from '@tidemill/contract';
import type { OnlineStore } from '../../../adapters/online/online.ts';
import { errors } from '../../../base/errors.ts';
import { onlineName } from './values.ts';

interface Run {
  readonly view: FeatureView;
  readonly id: string;
  readonly since: string | null;
}

export function createFillMarks(online: Pick<OnlineStore, 'mark' | 'describe'>) {
  const emptied = () =>
    errors.onlineUnavailable({
      store: online.describe().address,
      reason: 'it was emptied while values were written to it',
    });

  return {
    /** Whether the store holds what this run wrote. */
    async isLast(view: FeatureView, id: string | null): Promise<boolean> {
      return id !== null && online.mark(onlineName(view), { from: id, to: id });
    },

    /** A store that was emptied has lost its mark with its rows: a part of them would not do. */
    async begin({ view, id, since }: Run, isPart: boolean): Promise<void> {
      const from = isPart && since !== null ? since : undefined;
      if (!(await online.mark(onlineName(view), { from, to: beginning(id) }))) throw emptied();
    },

    async end({ view, id }: Run): Promise<void> {
      if (!(await online.mark(onlineName(view), { from: beginning(id), to: id }))) throw emptied();
    },
  };
}

export type FillMarks = ReturnType<typeof createFillMarks>;

/** The store's mark while a run writes; when all is written it is the run's id. */
const beginning = (id: string): string => `${id} writes`;
