import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ModelInspection, ModelVersion, SignatureField } from '@tidemill/sdk';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { RowsTable } from '../../../components/RowsTable.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask } from '../../../lib/client.ts';

/** What the files say, read without running any of them. */
export function InspectionPanel({ model }: { readonly model: ModelVersion }) {
  const asked = ask('inspections', 'get', { name: model.model, version: String(model.version) });
  const inspection = useQuery({ ...asked, enabled: model.digest !== null });
  if (model.digest === null)
    return (
      <EmptyState>The files of this version lie elsewhere, so there is nothing to look into.</EmptyState>
    );
  return (
    <Answer of={inspection}>
      {(found) => (
        <div className="stack">
          <Panel title="Before you load it" aside={<SourceMenu asked={asked} />}>
            <Warnings found={found} />
          </Panel>
          <Panel title="Signature">
            <RowsTable
              label="signature"
              rows={[
                ...found.inputs.map((field) => fieldRow('input', field)),
                ...found.outputs.map((field) => fieldRow('output', field)),
                ...found.parameters.map((field) => fieldRow('parameter', field)),
              ]}
            />
          </Panel>
          {found.example && (
            <Panel title="Input example">
              <Example example={found.example} />
            </Panel>
          )}
          <div className="columns">
            <Panel title="Frameworks">
              <RowsTable
                label="frameworks"
                rows={found.frameworks.map(({ name, version, from }) => ({
                  ...{ framework: name, version: version || 'any', 'as told by': from },
                }))}
              />
            </Panel>
            {found.pickles.length > 0 && (
              <Panel title="Pickles">
                <RowsTable
                  label="pickles"
                  rows={found.pickles.map(({ path, imports, outside, stoppedBy }) => ({
                    ...{ pickle: path, imports: imports.join(', ') },
                    'outside the list': outside.join(', '),
                    read: stoppedBy ?? 'to its end',
                  }))}
                />
              </Panel>
            )}
          </div>
        </div>
      )}
    </Answer>
  );
}

function Warnings({ found: { warnings, advisoriesOf } }: { readonly found: ModelInspection }) {
  if (warnings.length === 0)
    return <p className="dim">Nothing to warn of, by the list of advisories up to {advisoriesOf}.</p>;
  return (
    <ul>
      {warnings.map(({ text, source }) => (
        <li key={text}>
          {text} {source && <Anchor href={source}>advisory</Anchor>}
        </li>
      ))}
    </ul>
  );
}

const fieldRow = (what: string, { name, type, required, shape }: SignatureField) => ({
  what,
  name: name || '(without a name)',
  type,
  shape: shape ? shape.map((size) => (size === -1 ? 'any' : size)).join(' × ') : '',
  required: required ? 'yes' : 'no',
});

function Example({ example }: { readonly example: NonNullable<ModelInspection['example']> }) {
  if (example.text !== null) return <pre className="mono">{example.text}</pre>;
  const rows = example.rows.map((row) =>
    Object.fromEntries(row.map((cell, i) => [example.columns[i] ?? String(i), cell])),
  );
  return <RowsTable label="input example" rows={rows} />;
}
