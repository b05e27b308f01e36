import { useQuery } from '@tanstack/react-query';
import type { Column, FeatureService, FeatureView } from '@tidemill/sdk';
import { useState } from 'react';
import { Panel } from '../../../components/Panel.tsx';
import { StatusBadge } from '../../../components/StatusBadge.tsx';
import { ask } from '../../../lib/client.ts';
import { ServiceValues, ViewValues } from './LookedUp.tsx';
import { LookupForm, type LookupQuestion } from './LookupForm.tsx';
import { MaterializationsPanel } from './MaterializationsPanel.tsx';
import { PushPanel } from './PushPanel.tsx';

/** What of a view is online: what was written, and values by key as an endpoint would read them. */
export function ViewOnline({ view }: { readonly view: FeatureView }) {
  const [question, setQuestion] = useState<LookupQuestion>();
  const keys = keysOf(view);
  return (
    <div className="stack">
      <MaterializationsPanel view={view} />
      <PushPanel view={view} />
      <Panel title="Look up" aside={<OnlineStore />}>
        <LookupForm keys={keys} onLookup={setQuestion} />
      </Panel>
      {question && <ViewValues view={view} keys={keys} question={question} />}
    </div>
  );
}

/** Views older than types of keys: their keys are taken as text. */
const keysOf = (view: FeatureView): readonly Column[] =>
  view.joinKeys.length > 0 ? view.joinKeys : view.entity.map((name) => ({ name, type: 'text' }));

/** All features of a service by key, those on demand included. */
export function ServiceOnline({ service }: { readonly service: FeatureService }) {
  const [question, setQuestion] = useState<LookupQuestion>();
  return (
    <div className="stack">
      <Panel title="Look up" aside={<OnlineStore />}>
        <LookupForm keys={service.joinKeys} request={service.request} onLookup={setQuestion} />
      </Panel>
      {question && <ServiceValues service={service} keys={service.joinKeys} question={question} />}
    </div>
  );
}

/** Where online values are kept, and whether it answers. */
function OnlineStore() {
  const { data } = useQuery(ask('features', 'onlineStatus', {}));
  if (!data) return null;
  return (
    <span title={data.problem ?? data.address}>
      <StatusBadge
        state={data.kind}
        tone={data.problem === null ? 'good' : 'bad'}
        word={
          data.problem === null ? `kept in ${data.kind}` : `${data.kind} does not answer: ${data.problem}`
        }
      />
    </span>
  );
}
