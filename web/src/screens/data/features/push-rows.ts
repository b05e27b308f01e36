import type { Column, FeatureView, Row } from '@tidemill/sdk';
import { toValue } from './lookup-keys.ts';

export interface PushColumn extends Column {
  readonly isRequired: boolean;
  /** What stands in its field while nothing does. */
  readonly hint: string;
}

const hints: Readonly<Record<Column['type'], string>> = {
  boolean: 'true or false',
  integer: '12',
  double: '0.5',
  text: '',
  date: '2023-08-31',
  timestamp: '2023-08-31T14:05:00Z',
};

/** What a pushed row may have: keys and times first, then what else the view takes. */
export function pushColumns(view: FeatureView): PushColumn[] {
  const given = view.stream?.columns ?? [];
  const typeOf = (name: string, otherwise: Column['type']) =>
    [...given, ...view.joinKeys].find((column) => column.name === name)?.type ?? otherwise;
  const named = (name: string, type: Column['type'], isRequired = true): PushColumn => ({
    ...{ name, type, isRequired },
    hint: isRequired ? hints[type] : 'null',
  });
  const first = [
    ...view.entity.map((name) => named(name, typeOf(name, 'text'))),
    named(view.eventTime, typeOf(view.eventTime, 'timestamp')),
    ...(view.createdTime === null
      ? []
      : [
          {
            ...named(view.createdTime, typeOf(view.createdTime, 'timestamp'), false),
            hint: 'when it arrives',
          },
        ]),
  ];
  const values = view.aggregations.length === 0 ? view.features : view.stream ? given : view.inputs;
  const known = new Set(first.map(({ name }) => name));
  return [
    ...first,
    ...values.filter(({ name }) => !known.has(name)).map(({ name, type }) => named(name, type, false)),
  ];
}

/** A row of what was filled in; an empty field is no value. */
export const toPushedRow = (columns: readonly Column[], texts: Readonly<Record<string, string>>): Row =>
  Object.fromEntries(
    columns.flatMap(({ name, type }) => {
      const text = texts[name] ?? '';
      return text.trim() === '' ? [] : [[name, toValue(text, type)]];
    }),
  );

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Rows as `features push` reads them: a list, one object, or one a line. @throws SyntaxError saying where it is none */
export function readRows(text: string): Row[] {
  const found = readJson(text);
  const wrong = found.findIndex((row) => !isRow(row));
  if (wrong >= 0)
    throw new SyntaxError(
      `Row ${wrong + 1} is ${JSON.stringify(found[wrong]).slice(0, 40)}, not {"column": value}.`,
    );
  return found as Row[];
}

function readJson(text: string): unknown[] {
  if (text.trim() === '') return [];
  try {
    const whole: unknown = JSON.parse(text);
    return Array.isArray(whole) ? whole : [whole];
  } catch (error) {
    const lines = text.split('\n');
    if (lines.filter((line) => line.trim() !== '').length < 2 || !isLine(lines)) throw error;
    return lines.flatMap((line, index) => {
      if (line.trim() === '') return [];
      try {
        return [JSON.parse(line)];
      } catch (cause) {
        throw new SyntaxError(`Line ${index + 1}: ${(cause as Error).message}`);
      }
    });
  }
}

/** Whether it is meant as one row a line: the first of them is whole. */
function isLine(lines: readonly string[]): boolean {
  try {
    return isRow(JSON.parse(lines.find((line) => line.trim() !== '') ?? ''));
  } catch {
    return false;
  }
}
