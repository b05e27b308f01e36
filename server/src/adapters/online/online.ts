/**
 * The online store: the newest values of each entity, for a lookup while a prediction waits.
 * It can be filled again from the offline data at any time, so it keeps no history. What the values say is the caller's:
 * to the store they are a text, so that a reply can be put together from it without reading it.
 */
import { errors } from '../../base/errors.ts';
import type { SubjectKey } from '../../base/subject.ts';

export interface OnlineRow {
  /** The entity, as the feature view spells it; 1 to 1,024 characters of any kind. */
  readonly key: string;
  /** Epoch microseconds at which the values became true. */
  readonly eventTime: number;
  readonly values: string;
}

export type OnlineValues = Pick<OnlineRow, 'eventTime' | 'values'>;

/** An event of an entity, for views whose values are computed from events when they are read. */
export interface OnlineEvent {
  readonly key: string;
  /** Tells it from the entity's others: one word of up to 100 characters. */
  readonly id: string;
  /** The version of the data that holds it; 0 where none does. */
  readonly version: number;
  /** Epoch microseconds at which it happened, and from which it is known. */
  readonly eventTime: number;
  readonly since: number;
  /** What the caller makes of it: a text without control characters. */
  readonly event: string;
}

export interface EventFile {
  /** Names the file, in one word. */
  readonly run: string;
  /** Of the data that it was read from. */
  readonly version: number;
  /** Epoch microseconds: entries up to then are dropped. */
  readonly before: number;
}

export interface EventFileOptions extends EventFile {
  /** The file has all entities: of others the base goes. */
  readonly isWhole: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export interface WriteOptions {
  /** A row need not be kept longer than this after its writing: the store may forget it then, or never. */
  readonly keepMs?: number | undefined;
}

export interface LoadOptions extends WriteOptions {
  readonly signal?: AbortSignal | undefined;
  /** Rows read so far. */
  readonly onProgress?: ((rows: number) => void) | undefined;
}

export interface Loaded {
  readonly rows: number;
  readonly written: number;
  /** The newest event time of the file; null when it has no row. */
  readonly newest: number | null;
}

export interface Wanted {
  readonly view: string;
  readonly keys: readonly string[];
}

export interface MarkWords {
  readonly from?: string | undefined;
  readonly to: string;
}

/** Entities of a view, by some or all of their key columns. */
export interface OnlineSubject {
  /** Key columns of the view, in the order in which its entities are spelled. */
  readonly entity: readonly string[];
  readonly key: SubjectKey;
}

export interface OnlineState {
  readonly kind: 'sqlite' | 'redis';
  /** Where it is, without a password. */
  readonly address: string;
  /** Why it cannot be used now; null when it can. */
  readonly problem: string | null;
}

export interface OnlineStore {
  /**
   * Keeps a row unless the store has one of a later event time; of equal times the last written wins. So writes may be
   * repeated and come in any order. A wrong row (`onlineRowInvalid`) refuses them all; a crash may leave a part written.
   * `written` counts the rows kept. Fails with `onlineUnavailable` or `onlineBusy`, soon.
   */
  write(
    view: string,
    rows: readonly OnlineRow[],
    options?: WriteOptions,
  ): Promise<{ readonly written: number }>;
  /**
   * The same for a file of any size, in a thread of its own: a row per line, `key ␟ event time ␟ values`, with the unit
   * separator (0x1F) between them. A wrong row ends it there; what came before stays.
   */
  load(view: string, path: string, options?: LoadOptions): Promise<Loaded>;
  /**
   * Adds events to their entities' lists (`event-list.ts`), which `read` gives as values. An event under an id that is there,
   * or of data that the list was loaded from, is not added again: so appending may be repeated, and overtaken by a load.
   * Entries up to `before` (epoch microseconds) are dropped meanwhile. Each list changes at once or not at all; a wrong event
   * (`onlineRowInvalid`) refuses them all. `written` counts the events that were not there.
   */
  append(
    view: string,
    events: readonly OnlineEvent[],
    options: { readonly before: number },
  ): Promise<{ readonly written: number }>;
  /**
   * Takes lists from a file as `load` does rows: a line per entity, `key ␟ newest event time ␟ first ␞ base`; without a
   * first, and with no events, the entity has none any more. What was appended, and is in no version up to the file's, stays.
   */
  loadEvents(view: string, path: string, options: EventFileOptions): Promise<Loaded>;
  /** All in one round trip: per view as many answers as keys, in their order; null where nothing was written. */
  read(wanted: readonly Wanted[]): Promise<(OnlineValues | null)[][]>;
  /**
   * A word that the store keeps per view for whoever fills it, and loses with its rows: `to` is set, where `from` is given
   * only in its place. False, and nothing is set, when another word is there, or none.
   */
  mark(view: string, words: MarkWords): Promise<boolean>;
  /** Forgets every row of the view, and its mark. What is written meanwhile may go too. */
  drop(view: string): Promise<void>;
  /** How many entities the subject is or is part of; looks at every key of the view. */
  count(view: string, subject: OnlineSubject): Promise<number>;
  /** Forgets them, so that their bytes are in no file any more either. Gives back how many there were. */
  erase(view: string, subject: OnlineSubject): Promise<number>;
  describe(): OnlineState;
  /** May be called twice; nothing else may be called afterwards. */
  close(): Promise<void>;
}

export const separator = '\u001f';
const maximumKeyLength = 1_024;

/** @throws onlineRowInvalid unless each row is storable and comes back as what it was */
export function assertOnlineRows(view: string, rows: readonly OnlineRow[]): void {
  for (const row of rows) {
    const reason = findProblem(row);
    if (reason !== null) throw errors.onlineRowInvalid({ view, key: row.key.slice(0, 100), reason });
  }
}

/** @throws onlineRowInvalid unless each event is storable and comes back as what it was */
export function assertOnlineEvents(view: string, events: readonly OnlineEvent[]): void {
  for (const event of events) {
    const { key, id, version, eventTime, since, event: values } = event;
    const isPlain = /^[!-~]{1,100}$/.test(id) && !/\p{Cc}/u.test(values);
    const reason =
      findProblem({ key, eventTime, values }) ??
      (Number.isSafeInteger(since) && Number.isSafeInteger(version) && version >= 0 && isPlain
        ? null
        : 'it has no id of one word, no version, or a control character');
    if (reason !== null) throw errors.onlineRowInvalid({ view, key: key.slice(0, 100), reason });
  }
}

export function findProblem({ key, eventTime, values }: OnlineRow): string | null {
  if (key.length === 0 || key.length > maximumKeyLength) {
    return `its key has ${key.length} characters, not 1 to ${maximumKeyLength}`;
  }
  // Encoded as UTF-8, all lone surrogates are alike: two entities would share a row.
  if (!key.isWellFormed()) return 'its key is not well-formed Unicode';
  if (!Number.isSafeInteger(eventTime))
    return `its event time ${eventTime} is not a whole number of microseconds`;
  if (!values.isWellFormed()) return 'its values are not well-formed Unicode';
  return null;
}

/** What a file says of an entity. */
export interface EventBase {
  /** Epoch microseconds from which any event was known; null where there is none. */
  readonly first: number | null;
  /** JSON: a list of events. */
  readonly base: string;
}

export interface EventEntry {
  readonly id: string;
  /** Of the data that holds it; 0 where none does. */
  readonly version: number;
  readonly eventTime: number;
  readonly since: number;
  readonly event: string;
}

export interface EventList extends EventBase {
  /** What brought the base; empty where nothing did. */
  readonly run: string;
  /** The data that the base was read from. */
  readonly version: number;
  readonly entries: readonly EventEntry[];
}

export const eventSeparator = '\u001e';
export const noEvents = '[]';
/** For where no run, or no time, is. */
export const noWord = '-';

export function parseEventList(text: string): EventList {
  const [header = '', base = noEvents, ...entries] = text.split(eventSeparator);
  const [run = noWord, version = '0', first = noWord] = header.split(' ');
  return {
    run: run === noWord ? '' : run,
    version: Number(version),
    first: first === noWord ? null : Number(first),
    base,
    entries: entries.map(parseEntry),
  };
}

function parseEntry(text: string): EventEntry {
  const parts = text.split(' ', 4);
  const [version = '', eventTime = '', since = '', id = ''] = parts;
  const event = text.slice(parts.join(' ').length + 1);
  return { version: Number(version), eventTime: Number(eventTime), since: Number(since), id, event };
}
