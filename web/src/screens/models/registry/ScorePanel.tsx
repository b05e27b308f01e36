import { useQuery } from '@tanstack/react-query';
import type { ModelVersion, ScoredTest } from '@tidemill/sdk';
import { useMemo } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Answer } from '../../../components/Answer.tsx';
import { DataTable } from '../../../components/DataTable.tsx';
import { Fact, Summary } from '../../../components/Detail.tsx';
import type { DataColumn } from '../../../components/data-column.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { ask, client } from '../../../lib/client.ts';
import { TextAction } from './TextAction.tsx';

/** The ML Test Score: what was found, what people attest, and what nobody has looked at. */
export function ScorePanel({ model }: { readonly model: ModelVersion }) {
  const asked = ask('scores', 'get', { name: model.model, version: String(model.version) });
  const score = useQuery(asked);
  const columns = useMemo(() => columnsOf(model.model), [model.model]);
  return (
    <Answer of={score}>
      {(value) => (
        <div className="stack">
          <Panel title="ML Test Score" aside={<SourceMenu asked={asked} />}>
            <Summary>
              <Fact name="Score">
                <b>{value.score}</b>: {value.reading}
              </Fact>
              {value.sections.map(({ section, points }) => (
                <Fact key={section} name={section}>
                  {points} of 7
                </Fact>
              ))}
            </Summary>
            <p className="dim">
              The score is the least of the four sections. A test counts 1 where Tidemill finds it again with
              each check, 0.5 where it was found once or a person attests it.
            </p>
          </Panel>
          <DataTable plain label="tests" rows={value.tests} columns={columns} rowKey={(test) => test.id} />
        </div>
      )}
    </Answer>
  );
}

const howOf = ({ how, automatable }: ScoredTest): string =>
  how === 'none' ? (automatable ? 'not yet' : 'by hand only') : how;

const columnsOf = (name: string): readonly DataColumn<ScoredTest>[] => [
  { id: 'id', title: 'Test', value: ({ id }) => id, width: 130 },
  { id: 'title', title: 'What', value: ({ title }) => title, width: 330 },
  { id: 'points', title: 'Points', value: ({ points }) => points, align: 'right', width: 70 },
  { id: 'how', title: 'How', value: howOf, width: 110 },
  {
    id: 'evidence',
    title: 'Evidence',
    value: ({ evidence }) => evidence,
    cell: ({ evidence }) => <span title={evidence}>{evidence}</span>,
  },
  {
    id: 'attest',
    title: '',
    value: () => null,
    cell: (test) => <Attest name={name} test={test} />,
    align: 'right',
    width: 110,
  },
];

function Attest({
  name,
  test: { id: test, title, attestation },
}: {
  readonly name: string;
  readonly test: ScoredTest;
}) {
  if (attestation)
    return (
      <Action
        inRow
        name="Withdraw"
        about={`${attestation.actor} said: ${attestation.note}`}
        reason="none"
        run={() => client().scores.withdraw({ name, test })}
      />
    );
  return (
    <TextAction
      isLong
      inRow
      name="Attest"
      about={`${title}: you say that this is done by hand for ${name}. Your name and note are kept.`}
      label="How, and where it is written down"
      initial=""
      run={(note) => client().scores.attest({ name, test, note })}
    />
  );
}
