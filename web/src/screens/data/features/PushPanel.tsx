import type { FeatureView, Row } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { Panel } from '../../../components/Panel.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { type ReplyOf, send } from '../../../lib/client.ts';
import { plural } from '../../../lib/format.ts';
import { filled, useFields } from '../../../lib/use-fields.ts';
import { PushFields } from './PushFields.tsx';
import { pushColumns, readRows, toPushedRow } from './push-rows.ts';

type Pushed = ReplyOf<'features', 'push'>;
type Destination = 'online' | 'offline' | 'online_and_offline';

/** Rows sent to a view by hand, as whoever sees the events sends them, and what became of the last ones. */
export function PushPanel({ view }: { readonly view: FeatureView }) {
  const [pushed, setPushed] = useState<Pushed>();
  return (
    <Panel title="Push" aside={<PushAction view={view} onPushed={setPushed} />}>
      <p>
        A row pushed is looked up at once, unless a later event of its entity is there.
        {view.stream && (
          <>
            {' '}
            For training it is appended to <ReferenceLink kind="dataset" to={view.stream.dataset} />.
          </>
        )}
      </p>
      {pushed && <Outcome of={pushed} />}
    </Panel>
  );
}

const Outcome = ({ of: { rows, online, offline, notices } }: { readonly of: Pushed }) => (
  <p role="status">
    {plural(rows, 'row')} pushed
    {online && `, ${online.written} kept online`}
    {offline && (
      <>
        , {offline.repeated ? 'there already in' : 'appended in'}{' '}
        <ReferenceLink kind="dataset" to={offline.version} />
      </>
    )}
    .{notices.map((notice) => ` ${notice}`)}
  </p>
);

interface PushActionProps {
  readonly view: FeatureView;
  readonly onPushed: (reply: Pushed) => void;
}

function PushAction({ view, onPushed }: PushActionProps) {
  const columns = pushColumns(view);
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const how = useFields({
    to: view.stream ? 'online_and_offline' : 'online',
    as: 'fields',
    json: '',
    key: '',
  });
  const { rows, problem } =
    how.fields.as === 'json' ? rowsOf(how.fields.json) : one(toPushedRow(columns, texts));
  const input = {
    name: view.name,
    version: String(view.version),
    rows,
    to: how.fields.to as Destination,
    ...(how.fields.to !== 'online' && filled(how.fields, ['key'])),
  };
  return (
    <Action
      {...send('features', 'push', input)}
      name="Push rows"
      about="All of them are taken, or none."
      reason="none"
      size={680}
      incomplete={rows.length === 0 || problem !== null}
      onDone={onPushed}
    >
      {(refused) => (
        <PushFields
          columns={columns}
          hasDataset={view.stream !== undefined && view.stream !== null}
          how={how}
          texts={texts}
          onTexts={setTexts}
          refused={refused}
          problem={problem}
        />
      )}
    </Action>
  );
}

interface Typed {
  readonly rows: Row[];
  readonly problem: string | null;
}

const one = (row: Row): Typed => ({ rows: Object.keys(row).length === 0 ? [] : [row], problem: null });

/** As many as one request may bring. */
const mostRows = 10_000;

function rowsOf(json: string): Typed {
  try {
    const rows = readRows(json);
    return { rows, problem: rows.length > mostRows ? `${plural(mostRows, 'row')} at most` : null };
  } catch (error) {
    return { rows: [], problem: (error as Error).message };
  }
}
