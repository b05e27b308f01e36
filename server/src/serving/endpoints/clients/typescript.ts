/** One file of TypeScript per endpoint, without dependencies: its types, its client, and a double of it for tests. */
import { describeField, type EndpointSignature, type SignatureField, toTypeName } from './signature.ts';
import { clientOf, doubleOf } from './typescript-parts.ts';

const types: Readonly<Record<SignatureField['kind'], string>> = {
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  text: 'string',
  datetime: 'string | number',
  key: 'string | number | boolean',
};

/** Any text within a comment: it must not end there, nor break its line. */
const toComment = (text: string): string => text.replaceAll('*/', '* /').replace(/\s+/g, ' ').trim();

export function toTypeScript(signature: EndpointSignature): string {
  const name = toTypeName(signature.endpoint);
  return [
    headOf(signature),
    typesOf(signature, name),
    clientOf(signature.endpoint, name),
    doubleOf(name),
  ].join('\n');
}

function headOf({ endpoint, description, revision, model }: EndpointSignature): string {
  return `/**
 * Client of the Tidemill endpoint ${endpoint}, generated from its revision ${revision} (${toComment(model)}).
${description.trim() === '' ? '' : ` * ${toComment(description)}\n`} * Make it again when the inputs of the model change:
 * tidemill endpoints client ${endpoint} --language typescript -o FILE
 */
`;
}

function typesOf({ fields, isNumeric, looksUp }: EndpointSignature, name: string): string {
  const properties = fields.map((field) => {
    const optional = field.isRequired ? '' : '?';
    const type = `${types[field.kind]}${field.isRequired ? '' : ' | null'}`;
    // Every escape of JSON is one of TypeScript's.
    return `  /** ${toComment(describeField(field))} */\n  readonly ${JSON.stringify(field.name)}${optional}: ${type};`;
  });
  const open = looksUp
    ? '\n  /** Fields that features are computed of, or that the fallback rule reads. */\n  readonly [field: string]: unknown;'
    : '';
  const rows = fields.map(
    ({ name: field, kind, isRequired, minimum, maximum }) =>
      `  ${JSON.stringify({ name: field, kind, isRequired, minimum, maximum })},`,
  );
  return `/** One record to predict. */
export interface ${name}Input {
${properties.join('\n')}${open}
}

export type ${name}Value = ${isNumeric ? 'number' : 'number | string | boolean | readonly (number | string | boolean)[]'};

export interface ${name}Prediction {
  /** Name it when the outcome is known: it joins the two. */
  readonly id: string;
  readonly value: ${name}Value;
  /** Every output by name, of a model that has several. */
  readonly outputs?: Readonly<Record<string, unknown>>;
  readonly variant: string;
  /** \`forecaster@2\`, or \`fallback\`. */
  readonly model: string;
  /** Which answered: the model, or the endpoint's rule in its place. */
  readonly source: 'model' | 'fallback';
  /** Values outside the range of training, in words. */
  readonly warnings: readonly string[];
}

export interface ${name}Reply {
  readonly endpoint: string;
  readonly revision: number;
  readonly predictions: readonly ${name}Prediction[];
  readonly fallbackReason: string | null;
  readonly milliseconds: { readonly total: number; readonly [phase: string]: number };
}

interface Field {
  readonly name: string;
  readonly kind: 'number' | 'integer' | 'boolean' | 'text' | 'datetime' | 'key';
  readonly isRequired: boolean;
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** What the model takes, with the ranges of its training. */
export const ${name}Fields: readonly Field[] = [
${rows.join('\n')}
];
`;
}
