/** What a definition says of columns, held against those that its SQL gives; each refusal says what to write. */
import type { Column } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { writtenName } from '../../base/sql-words.ts';

export const namesOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(', ');

const isTime = ({ type }: Column): boolean => type === 'date' || type === 'timestamp';

/**
 * `field`: where the definition names the column.
 * @throws featureColumnInvalid unless the column is there and says when
 */
export function assertTimeColumn(
  what: string,
  columns: readonly Column[],
  name: string,
  field: string,
): void {
  const found = assertColumn(what, columns, name, () => timeHint(columns, name, field));
  if (isTime(found)) return;
  const reason = `is ${found.type}; it must be a date or timestamp (write ${castToTime(found)})`;
  throw errors.featureColumnInvalid({ what, column: name, reason, known: namesOf(columns) });
}

/** @throws featureColumnInvalid */
export function assertColumn(
  what: string,
  columns: readonly Column[],
  name: string,
  hint: () => string = () => '',
): Column {
  const found = columns.find((column) => column.name === name);
  if (found) return found;
  const alike = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const reason = `is missing${alike ? `; '${alike.name}' is there, which differs in case: write that` : hint()}`;
  throw errors.featureColumnInvalid({ what, column: name, reason, known: namesOf(columns) });
}

function timeHint(columns: readonly Column[], name: string, field: string): string {
  const times = columns.filter(isTime);
  if (times.length > 0)
    return `; ${field} names the column that says when, a date or timestamp: ${times.map((each) => `'${each.name}'`).join(' or ')}`;
  return `; none of the columns is a date or timestamp: select one as ${writtenName(name)}, and name it in ${field}`;
}

function castToTime({ name, type }: Column): string {
  const written = writtenName(name);
  if (type !== 'integer') return `cast(${written} as timestamp) as ${written}`;
  return `epoch_ms(${written}) as ${written} for milliseconds since 1970, to_timestamp(${written}) for seconds`;
}
