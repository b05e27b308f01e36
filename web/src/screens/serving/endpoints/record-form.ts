/** The fields of a record, from the signature of the model that answers. */
import type { EndpointRevision, ModelVersion, Variant } from '@tidemill/sdk';

export interface RecordField {
  readonly name: string;
  readonly kind: 'number' | 'integer' | 'boolean' | 'text' | 'json';
  readonly isRequired: boolean;
  /** What it was trained on, or what it is for. */
  readonly about: string;
  readonly example: string;
}

const integers = /^(?:u?int(?:eger)?\d*|long|tensor\(u?int\d+\))$/;
const numbers = /^(?:double|float\d*|decimal|tensor\(float\d*\)|tensor\(double\))$/;

function kindOf(type: string): RecordField['kind'] {
  if (integers.test(type)) return 'integer';
  if (numbers.test(type)) return 'number';
  if (/^bool|tensor\(bool\)/.test(type)) return 'boolean';
  return /^(?:string|text|datetime|timestamp|tensor\(string\))$/.test(type) ? 'text' : 'json';
}

const shorten = (value: number, isWhole: boolean): string =>
  isWhole ? String(Math.round(value)) : String(Number(value.toPrecision(4)));

/** Main live variant: the one with the largest share. */
export const mainOf = ({ variants }: Pick<EndpointRevision, 'variants'>): Variant | undefined =>
  variants.filter(({ shadow }) => !shadow).toSorted((a, b) => b.weight - a.weight)[0];

/** Where features are looked up, a record only says of whom. */
export function toFields(
  { entity }: Pick<EndpointRevision, 'entity'>,
  { view, service }: Pick<Variant, 'view' | 'service'>,
  { inputs, trainingRange }: Pick<ModelVersion, 'inputs' | 'trainingRange'>,
): RecordField[] {
  const names = new Set(inputs.map(({ name }) => name));
  const ofEntity = entity
    .filter((name) => !names.has(name))
    .map((name): RecordField => {
      const about = 'names the entity';
      return { name, kind: 'text', isRequired: true, about, example: '' };
    });
  if (view !== undefined || service !== undefined) return ofEntity;
  const ofModel = inputs.map(({ name, type, required = true, shape }): RecordField => {
    const kind = shape && shape.length > 2 ? 'json' : kindOf(type);
    const range = trainingRange[name];
    const middle = range && (range.minimum + range.maximum) / 2;
    const isWhole = kind === 'integer';
    const words = range
      ? `trained on ${shorten(range.minimum, isWhole)} to ${shorten(range.maximum, isWhole)}`
      : type;
    return {
      name,
      kind,
      isRequired: required,
      about: required ? words : `${words}; may be left out`,
      example: middle === undefined ? '' : shorten(middle, isWhole),
    };
  });
  return [...ofEntity, ...ofModel];
}

/** The record that the texts of the fields make; what is empty is left out. */
export function toRecord(
  fields: readonly RecordField[],
  texts: Readonly<Record<string, string>>,
): { record: Record<string, unknown>; problem: string | null } {
  const record: Record<string, unknown> = {};
  for (const { name, kind } of fields) {
    const text = (texts[name] ?? '').trim();
    if (text === '') continue;
    if (kind === 'text') record[name] = text;
    else if (kind === 'boolean') record[name] = text === 'true';
    else {
      try {
        record[name] = kind === 'json' ? JSON.parse(text) : toNumber(text);
      } catch {
        return {
          record,
          problem: `${name}: ‘${text.slice(0, 40)}’ is no ${kind === 'json' ? 'JSON' : 'number'}`,
        };
      }
    }
  }
  return { record, problem: null };
}

function toNumber(text: string): number {
  const value = Number(text);
  if (Number.isNaN(value)) throw new Error('no number');
  return value;
}
