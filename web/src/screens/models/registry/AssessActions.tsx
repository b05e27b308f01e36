import { TextInput } from '@mantine/core';
import type { ModelVersion } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { client } from '../../../lib/client.ts';
import { TextAction } from './TextAction.tsx';

const namesOf = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);

export function AssessActions({ model }: { readonly model: ModelVersion }) {
  const version = { name: model.model, version: String(model.version) };
  return (
    <div className="row">
      <LeakageAction model={model} />
      <TextAction
        name="Assess fairness"
        about="Gaps between the groups of protected columns, from its newest binary evaluation that judged them as slices."
        label="Protected columns, with commas"
        initial=""
        run={(text) => client().assessments.assessFairness({ ...version, columns: namesOf(text) })}
      />
      <Action
        name="Assess latency"
        about={`Times 1,000 single predictions of ${model.reference} on the machine of the server, with rows of its training set.`}
        reason="none"
        run={() => client().assessments.assessLatency(version)}
      />
      <TextAction
        name="Assess skew"
        about="Compares the newest rows that an endpoint was asked about with the training set."
        label="Endpoint"
        initial=""
        run={(endpoint) => client().assessments.assessSkew({ ...version, endpoint })}
      />
    </div>
  );
}

function LeakageAction({ model }: { readonly model: ModelVersion }) {
  const [test, setTest] = useState('');
  const [key, setKey] = useState('');
  const keys = namesOf(key);
  return (
    <Action
      name="Assess leakage"
      about={`Looks for rows of the test among those that ${model.reference} learned from, and for features that tell the label alone.`}
      reason="none"
      incomplete={test.trim() === ''}
      run={() =>
        client().assessments.assessLeakage({
          ...{ name: model.model, version: String(model.version), test: test.trim() },
          ...(keys.length > 0 && { key: keys }),
        })
      }
    >
      <TextInput
        label="Dataset version that it is judged on"
        placeholder="held-out@1"
        value={test}
        data-autofocus
        onChange={({ currentTarget }) => setTest(currentTarget.value)}
      />
      <TextInput
        label="Columns that name the entity, with commas"
        value={key}
        onChange={({ currentTarget }) => setKey(currentTarget.value)}
      />
    </Action>
  );
}
