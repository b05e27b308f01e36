import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { ask, client } from '../../../lib/client.ts';

/** Retrains by hand, where a policy says how. */
export function StartLoopRun() {
  const policies = useQuery(ask('retraining', 'listPolicies', { limit: 200 }));
  const names = (policies.data?.items ?? []).map((policy) => policy.name);
  const [chosen, setChosen] = useState('');
  const policy = chosen || names[0] || '';
  return (
    <Action
      name="Retrain now"
      about="Builds a training set, searches, evaluates, and lets a better model prove itself in shadow."
      disabled={names.length === 0}
      run={(reason) => client().retraining.start({ policy, reason })}
    >
      <NativeSelect
        label="Policy"
        data={names}
        value={policy}
        onChange={(event) => setChosen(event.currentTarget.value)}
      />
    </Action>
  );
}
