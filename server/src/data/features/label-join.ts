/** Labels are joined by key and the very instant of the entity row; one that is not known yet leaves its row out. */
import { quoteName } from '../../base/sql-text.ts';
import { rowColumn, timeColumn } from './view-join.ts';

/** A column of ours, until the user's name takes its place. */
export const labelColumn = 'tm__label';

const label = quoteName(labelColumn);

export interface LabelColumns {
  readonly keys: readonly string[];
  readonly eventTime: string;
  readonly column: string;
  readonly knownAt: string;
}

const list = (names: readonly string[]): string => names.map(quoteName).join(', ');
const asTime = (name: string): string => `cast(${quoteName(name)} as timestamp)`;

/** One label per entity and event time in `_label`: the one that became known last, until `asOf`. */
function knownLabels({ keys, eventTime, column, knownAt }: LabelColumns, asOf: number | null): string {
  const until =
    asOf === null ? '' : ` and ${asTime(knownAt)} <= make_timestamp(${BigInt(Math.trunc(asOf)) * 1000n})`;
  const present = [...keys, eventTime, column, knownAt].map((name) => `${quoteName(name)} is not null`);
  return `
    select ${list(keys)}, ${asTime(eventTime)} as tm__at, ${quoteName(column)} as ${label}
    from _label
    where ${present.join(' and ')}${until}
    qualify row_number() over (
      partition by ${list(keys)}, tm__at
      order by ${asTime(knownAt)} desc nulls last, ${quoteName(column)} desc nulls last) = 1`;
}

const matching = ({ keys }: LabelColumns): string =>
  [
    ...keys.map((key) => `r.${quoteName(key)} = v.${quoteName(key)}`),
    `r.${quoteName(timeColumn)} = v.tm__at`,
  ].join(' and ');

/** Those of `_rows` whose label is known. */
export const labelledRowsSql = (columns: LabelColumns, asOf: number | null): string => `
  select r.*, v.${label} from _rows r join (${knownLabels(columns, asOf)}) v on ${matching(columns)}`;

/** How many of `_rows` have a label at all, known in time or not. */
export const countLabelledSql = (columns: LabelColumns): string => `
  select count(*) as n from _rows r join (${knownLabels(columns, null)}) v on ${matching(columns)}`;

/** The finished table, in the order of the entities. */
export function finishedRowsSql(columns: readonly string[], labelName: string | null): string {
  const last = labelName === null ? '' : `, ${label} as ${quoteName(labelName)}`;
  return `select ${list(columns)}${last} from _rows order by ${quoteName(rowColumn)}`;
}
