/**
 * The online store: the newest values of each entity, for a lookup while a prediction waits.
 * It can be filled again from the offline data at any time, so it keeps no history.
 */
import { errors } from '../../base/errors.ts';

export interface OnlineRow {
  /** The entity, as the feature view spells it; 1 to 1,024 characters of any kind. */
  readonly key: string;
  /** Epoch milliseconds at which the values became true. */
  readonly eventTime: number;
  /** JSON values; a number that is not finite is kept as null. */
  readonly values: Readonly<Record<string, unknown>>;
}

export type OnlineValues = Pick<OnlineRow, 'eventTime' | 'values'>;

export interface OnlineStore {
  /**
   * Keeps a row unless the store has one of a later event time; of equal times the last written wins. So writes may be
   * repeated and come in any order. A wrong row (`onlineRowInvalid`) refuses them all; a crash may leave a part written.
   * `written` counts the rows kept.
   */
  write(view: string, rows: readonly OnlineRow[]): Promise<{ readonly written: number }>;
  /** As many answers as keys, in their order; null where nothing was written. */
  read(view: string, keys: readonly string[]): Promise<(OnlineValues | null)[]>;
  /** Forgets every row of the view. What is written meanwhile may go too. */
  drop(view: string): Promise<void>;
  /** May be called twice; nothing else may be called afterwards. */
  close(): Promise<void>;
}

const maximumKeyLength = 1_024;

/** The rows' values as JSON, once each row is known to be storable and to come back as what it was. */
export function toOnlineRecords(
  view: string,
  rows: readonly OnlineRow[],
): { readonly key: string; readonly eventTime: number; readonly json: string }[] {
  return rows.map((row) => {
    const reason = findProblem(row);
    if (reason !== null) throw errors.onlineRowInvalid({ view, key: row.key.slice(0, 100), reason });
    try {
      return { key: row.key, eventTime: row.eventTime, json: JSON.stringify(row.values) };
    } catch (error) {
      throw errors.onlineRowInvalid({ view, key: row.key, reason: 'its values are not JSON' }, error);
    }
  });
}

function findProblem({ key, eventTime, values }: OnlineRow): string | null {
  if (key.length === 0 || key.length > maximumKeyLength) {
    return `its key has ${key.length} characters, not 1 to ${maximumKeyLength}`;
  }
  // Encoded as UTF-8, all lone surrogates are alike: two entities would share a row.
  if (!key.isWellFormed()) return 'its key is not well-formed Unicode';
  if (!Number.isSafeInteger(eventTime))
    return `its event time ${eventTime} is not a whole number of milliseconds`;
  if (typeof values !== 'object' || values === null) return 'it has no values';
  return null;
}
