import type { ModelInspection, SignatureField } from '@tidemill/sdk';
import type { Command } from 'commander';
import { example } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { tableLines } from '../../table.ts';

export function addInspectCommand(models: Command): void {
  const inspect = models
    .command('inspect <reference>')
    .description('signature, example, framework versions and pickles of a version; nothing of it is run')
    .action(async (reference: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.inspections.get(toReference(reference)), describeInspection);
    });
  example(inspect, 'models inspect forecaster@2');
}

const describeInspection = (found: ModelInspection): string[] => [
  found.model,
  ...fieldLines('input', found.inputs),
  ...fieldLines('output', found.outputs),
  ...fieldLines('parameter', found.parameters),
  ...exampleLines(found.example),
  '',
  ...tableLines(found.frameworks, {
    framework: (f) => f.name,
    version: (f) => f.version || 'any',
    'as told by': (f) => f.from,
  }),
  ...pickleLines(found.pickles),
  '',
  ...(found.warnings.length === 0
    ? [`No warning, by advisories up to ${found.advisoriesOf}.`]
    : found.warnings.map(({ text, source }) => `warning: ${text}${source === null ? '' : ` ${source}`}`)),
];

const fieldLines = (title: string, fields: readonly SignatureField[]): string[] =>
  fields.length === 0
    ? []
    : [
        '',
        ...tableLines(fields, {
          [title]: (f) => f.name || '(without a name)',
          type: (f) => f.type,
          shape: (f) =>
            f.shape ? `[${f.shape.map((size) => (size === -1 ? 'any' : size)).join(', ')}]` : null,
          required: (f) => (f.required ? 'yes' : 'no'),
        }),
      ];

function exampleLines(example: ModelInspection['example']): string[] {
  if (!example) return [];
  if (example.text !== null) return ['', `example (${example.path})`, example.text];
  const [first = []] = example.rows;
  const names = example.columns.length > 0 ? example.columns : first.map((_, i) => String(i));
  const columns = Object.fromEntries(
    names.map((name, i) => [name, (row: readonly unknown[]) => row[i] ?? null] as const),
  );
  return ['', `example (${example.path})`, ...tableLines(example.rows, columns)];
}

const pickleLines = (pickles: ModelInspection['pickles']): string[] =>
  pickles.length === 0
    ? []
    : [
        '',
        ...tableLines(pickles, {
          pickle: (p) => p.path,
          imports: (p) => p.imports.length,
          'outside the list': (p) => p.outside.join(', ') || null,
          read: (p) => p.stoppedBy ?? 'to its end',
        }),
      ];
