/**
 * The events of one entity, as a view with windows has them: one text, so that a look-up reads it like any other row.
 * `header ␞ base ␞ entry ␞ entry …`. The base is what the last file brought, and nothing of ours looks into it; entries
 * came one by one since. A script of Redis does what is done here, and the contract suite holds both to it.
 */
import {
  type EventEntry,
  type EventFile,
  type EventList,
  eventSeparator,
  noEvents,
  noWord,
  type OnlineEvent,
  type OnlineValues,
  parseEventList,
} from './online.ts';

const spellEntry = ({ version, eventTime, since, id, event }: EventEntry): string =>
  `${version} ${eventTime} ${since} ${id} ${event}`;

function spellEventList({ run, version, first, base, entries }: EventList): string {
  const header = `${run || noWord} ${version} ${first ?? noWord}`;
  return [header, base, ...entries.map(spellEntry)].join(eventSeparator);
}

const unknown: EventList = { run: '', version: 0, first: null, base: noEvents, entries: [] };
const listOf = (held: OnlineValues | null): EventList =>
  held === null ? unknown : parseEventList(held.values);
const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

export interface Appended {
  readonly held: OnlineValues;
  /** Events that were not there. */
  readonly written: number;
}

/**
 * With these events of one entity. What the base holds already is left out, and taken out; an id counts once, and a version
 * that is told later is kept with it. Entries up to `before` (epoch microseconds) are dropped.
 */
export function withEvents(
  held: OnlineValues | null,
  events: readonly OnlineEvent[],
  before: number,
): Appended {
  const list = listOf(held);
  const entries = new Map<string, EventEntry>();
  for (const entry of list.entries) if (entry.eventTime > before) entries.set(entry.id, entry);
  let { first } = list;
  let newest = held?.eventTime ?? Number.NEGATIVE_INFINITY;
  let written = 0;
  for (const event of events) {
    first = earlier(first, event.since);
    newest = Math.max(newest, event.eventTime);
    if (isIn(list, event)) entries.delete(event.id);
    if (event.eventTime <= before || isIn(list, event)) continue;
    const there = entries.get(event.id);
    if (!there) written += 1;
    if (!there || there.version === 0) entries.set(event.id, event);
  }
  const values = spellEventList({ ...list, first, entries: [...entries.values()] });
  return { held: { eventTime: newest, values }, written };
}

/** Whether the base was read from data that holds the event. */
const isIn = ({ version }: Pick<EventList, 'version'>, event: Pick<EventEntry, 'version'>): boolean =>
  event.version > 0 && event.version <= version;

/** With what a file says in place of the base; entries that its data holds are gone with the old one. Null: nothing is left. */
export function withBase(
  held: OnlineValues | null,
  { eventTime, values }: OnlineValues,
  { run, version, before }: EventFile,
): OnlineValues | null {
  const [first = '', base = noEvents] = values.split(eventSeparator);
  const kept = listOf(held).entries.filter((entry) => entry.eventTime > before && !isIn({ version }, entry));
  if (first === '' && kept.length === 0) return null;
  const known = [first === '' ? null : Number(first), ...kept.map(({ since }) => since)].reduce(
    earlier,
    null,
  );
  return {
    eventTime: kept.reduce((newest, entry) => Math.max(newest, entry.eventTime), eventTime),
    values: spellEventList({ run, version, first: known, base, entries: kept }),
  };
}

/** What a file says of an entity that it does not have. */
export const gone: OnlineValues = {
  eventTime: Number.MIN_SAFE_INTEGER,
  values: `${eventSeparator}${noEvents}`,
};

/** Whether this file brought the list. */
export const isFrom = (values: string, run: string): boolean => values.startsWith(`${run} `);
