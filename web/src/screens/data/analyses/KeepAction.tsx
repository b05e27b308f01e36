import { TextInput } from '@mantine/core';
import type { AnalysisChart } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { client } from '../../../lib/client.ts';

interface KeepActionProps {
  readonly question: {
    readonly sql: string;
    readonly limit: number;
    readonly bindings: Record<string, string>;
  };
  readonly chart: AnalysisChart | null;
  readonly onKept: (name: string) => void;
}

/** Keeps a query with the versions it read, so that it can be run again and compared. */
export function KeepAction({ question, chart, onKept }: KeepActionProps) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  return (
    <Action
      name="Keep as analysis"
      about="The statement, the versions it read and its chart are kept under a name."
      reason="none"
      run={() => client().analyses.put({ name: name.trim(), ...question, description, chart })}
      onDone={() => onKept(name.trim())}
    >
      <TextInput
        label="Name"
        description="a-z 0-9 . _ -"
        required
        data-autofocus
        maxLength={128}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Description"
        maxLength={2000}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </Action>
  );
}
