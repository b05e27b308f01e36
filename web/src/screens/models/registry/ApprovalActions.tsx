import { Textarea } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Gate, ModelVersion } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { ask, client } from '../../../lib/client.ts';
import { describePolicy } from './approval-policy.ts';

/** Approve what the gate passed, override it by name and reason, or refuse it. */
export function ApprovalActions({ model }: { readonly model: ModelVersion }) {
  const version = { name: model.model, version: String(model.version) };
  const gate = useQuery({ ...ask('governance', 'getGate', { name: model.model }), retry: false });
  const policy = gate.data?.approval ?? null;
  return (
    <>
      {model.approval !== 'approved' && <Approve model={model} policy={policy} />}
      {model.approval !== 'approved' && model.approval !== 'overridden' && (
        <Approve model={model} policy={policy} override />
      )}
      {model.approval !== 'refused' && (
        <Action
          danger
          name="Refuse"
          about={`${model.reference} must not go out. A later approval lifts it.`}
          asked={ask('governance', 'refuse', { ...version, reason: '…' })}
          run={(reason) => client().governance.refuse({ ...version, reason })}
        />
      )}
    </>
  );
}

interface ApproveProps {
  readonly model: ModelVersion;
  readonly policy: Gate['approval'];
  readonly override?: boolean;
}

function Approve({ model, policy, override }: ApproveProps) {
  const [handover, setHandover] = useState('');
  const version = { name: model.model, version: String(model.version) };
  const about = override
    ? `${model.reference} may go out although its gate has not passed. Your name and reason are kept.`
    : `${model.reference} may go out. Its newest gate check must have passed.`;
  const note = handover.trim();
  return (
    <Action
      danger={override === true}
      name={override ? 'Override' : 'Approve'}
      about={policy ? `${about} It takes the word of ${describePolicy(policy)}.` : about}
      incomplete={policy?.handover === true && note === ''}
      run={(reason) =>
        client().governance.approve({
          ...version,
          reason,
          ...(override && { override }),
          ...(note && { handover: note }),
        })
      }
    >
      <Textarea
        label="Hand-over note"
        description="What the people who will run it must know"
        autosize
        minRows={2}
        maxLength={10_000}
        required={policy?.handover === true}
        value={handover}
        onChange={(event) => setHandover(event.currentTarget.value)}
      />
    </Action>
  );
}
