import { Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { Ownership } from '@tidemill/sdk';
import { useState } from 'react';
import { ask, client } from '../lib/client.ts';
import { Action } from './Action.tsx';
import { Answer } from './Answer.tsx';
import { Fact, Summary } from './Detail.tsx';
import { Panel } from './Panel.tsx';
import { SourceMenu } from './SourceMenu.tsx';
import { Time } from './Time.tsx';

/** Who answers for a model or an endpoint, who relies on it, and who was seen to call it. */
export function OwnerPanel({ subject }: { readonly subject: string }) {
  const asked = ask('owners', 'get', { subject });
  const found = useQuery(asked);
  return (
    <Answer of={found}>
      {(value) => (
        <Panel
          title="Owner and consumers"
          aside={
            <div className="row">
              <Edit key={value.updatedAt} of={value} />
              <SourceMenu asked={asked} />
            </div>
          }
        >
          <Summary>
            <Fact name="Owner">{value.owner ?? 'nobody was named'}</Fact>
            <Fact name="Consumers">{value.consumers.join(', ') || 'none declared'}</Fact>
            {subject.startsWith('endpoint:') && (
              <Fact name="Called by" wide>
                {value.callers.length === 0
                  ? 'nobody yet'
                  : value.callers.map(({ actor, requests, lastAt }) => (
                      <div key={actor}>
                        {actor}: {requests.toLocaleString('en-US')} requests, the last <Time at={lastAt} />
                      </div>
                    ))}
              </Fact>
            )}
          </Summary>
        </Panel>
      )}
    </Answer>
  );
}

function Edit({ of: { subject, updatedAt, ...before } }: { readonly of: Ownership }) {
  const [owner, setOwner] = useState(before.owner ?? '');
  const [consumers, setConsumers] = useState(before.consumers.join('\n'));
  const lines = consumers
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const given = { subject, owner: owner.trim() || null, consumers: lines, since: updatedAt };
  return (
    <Action
      inRow
      name="Change"
      about={`Who answers for ${subject}, and who relies on it.`}
      reason="none"
      asked={ask('owners', 'put', given)}
      run={() => client().owners.put(given)}
    >
      <TextInput
        label="Owner"
        description="A user or a team: user:mira, prices team"
        maxLength={200}
        value={owner}
        onChange={(event) => setOwner(event.currentTarget.value)}
      />
      <Textarea
        label="Consumers"
        description="One a line"
        autosize
        minRows={2}
        value={consumers}
        onChange={(event) => setConsumers(event.currentTarget.value)}
      />
    </Action>
  );
}
