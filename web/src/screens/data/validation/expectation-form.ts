import {
  type Column,
  type ColumnType,
  type Expectation,
  type ExpectationKind,
  expectationKinds,
} from '@tidemill/sdk';

/** How a field is entered: one line, a number, a list with one entry a line, a choice, a tick. */
export type Entry = 'column' | 'text' | 'number' | 'bound' | 'columns' | 'values' | 'choice' | 'tick' | 'sql';

export interface FormField {
  readonly name: string;
  readonly entry: Entry;
  readonly isRequired: boolean;
  readonly choices: readonly string[];
}

/** What stands in the fields: lists with one entry a line, a tick as `true`. */
export type Texts = Readonly<Record<string, string>>;

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

const entryOf = (name: string, schema: Schema): Entry => {
  if (name === 'column' || name === 'other') return 'column';
  if (name === 'sql') return 'sql';
  if (schema.enum) return 'choice';
  if (schema.type === 'array') return schema.items?.anyOf ? 'values' : 'columns';
  if (schema.type === 'boolean') return 'tick';
  if (schema.type === 'number' || schema.type === 'integer') return 'number';
  return schema.anyOf ? 'bound' : 'text';
};

/** The fields of a kind, in the contract's order, read off its schema. */
export function fieldsOf(kind: ExpectationKind): readonly FormField[] {
  const schema = expectationKinds[kind] as unknown as {
    readonly properties: Readonly<Record<string, Schema>>;
    readonly required: readonly string[];
  };
  return Object.entries(schema.properties)
    .filter(([name]) => name !== 'kind')
    .map(([name, property]) => ({
      name,
      entry: entryOf(name, property),
      isRequired: schema.required.includes(name),
      choices: property.enum ?? [],
    }));
}

/** An expectation as the form shows it. */
export function toTexts(expectation: Expectation): Texts {
  const { kind: _kind, ...fields } = expectation;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String).join('\n') : String(value),
    ]),
  );
}

/** Kinds whose bounds are values of the column; the others' bounds are figures, whatever the column holds. */
const boundsOfColumn: ReadonlySet<ExpectationKind> = new Set([
  'between',
  'minBetween',
  'maxBetween',
  'medianBetween',
  'quantileBetween',
] as const);

const toNumber = (text: string): number | null => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
};

/** A value as JSON has it: a number or a truth where the column holds such, else the text itself. */
function toValue(text: string, type: ColumnType | undefined): string | number | boolean {
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (type === 'text' || type === 'date' || type === 'timestamp') return text;
  return toNumber(text) ?? text;
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** What was entered as an expectation. What is not filled in is left out; the server judges the rest. */
export function toExpectation(kind: ExpectationKind, texts: Texts, columns: readonly Column[]): Expectation {
  const type = columns.find(({ name }) => name === texts.column)?.type;
  const toField = ({ name, entry }: FormField): unknown => {
    const text = texts[name] ?? '';
    if (text === '') return undefined;
    if (entry === 'columns') return linesOf(text);
    if (entry === 'values') return linesOf(text).map((line) => toValue(line, type));
    if (entry === 'tick') return text === 'true' ? true : undefined;
    if (entry === 'number') return toNumber(text) ?? text;
    if (entry === 'bound') return toValue(text, boundsOfColumn.has(kind) ? type : undefined);
    return text;
  };
  const entries = fieldsOf(kind).map((field) => [field.name, toField(field)] as const);
  return Object.fromEntries([
    ['kind', kind],
    ...entries.filter(([, value]) => value !== undefined),
  ]) as unknown as Expectation;
}

/** Whether the form gives an expectation back as it is; what it cannot hold is edited as JSON. */
export const fitsForm = (expectation: Expectation, columns: readonly Column[]): boolean =>
  expectation.kind in expectationKinds &&
  sorted(toExpectation(expectation.kind, toTexts(expectation), columns)) === sorted(expectation);

const sorted = (expectation: Expectation): string =>
  JSON.stringify(Object.entries(expectation).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Whether everything that a kind needs is there, and numbers are numbers. */
export const isComplete = (kind: ExpectationKind, texts: Texts): boolean =>
  fieldsOf(kind).every(({ name, entry, isRequired }) => {
    const text = texts[name] ?? '';
    if (text.trim() === '') return !isRequired;
    return entry !== 'number' || toNumber(text) !== null;
  });
