import { Textarea, TextInput } from '@mantine/core';
import { Action } from '../../../components/Action.tsx';
import { send } from '../../../lib/client.ts';
import { filled, useFields } from '../../../lib/use-fields.ts';
import { useOpenVersion } from './VersionActions.tsx';

interface DeriveActionProps {
  /** The version that the statement begins with: `prices@3`. */
  readonly from?: string;
}

/** One SELECT becomes a version; what it read is recorded. */
export function DeriveAction({ from }: DeriveActionProps) {
  const { fields, bind } = useFields({
    name: '',
    sql: from ? `select *\nfrom "${from}"` : '',
    message: '',
    tag: '',
  });
  const open = useOpenVersion();
  const input = {
    name: fields.name.trim(),
    sql: fields.sql.trim(),
    ...filled(fields, ['message', 'tag']),
  };
  return (
    <Action
      {...send('datasets', 'derive', input)}
      name="Derive"
      about='One SELECT over versions becomes a version of its own, and what it read is recorded. "prices@3" in double quotes is that version, prices the latest.'
      reason="none"
      size={640}
      onDone={open}
    >
      <TextInput
        label="Dataset"
        placeholder="a-z 0-9 . _ -"
        required
        data-autofocus
        maxLength={128}
        {...bind('name')}
      />
      <Textarea
        label="Statement"
        placeholder={'select symbol, avg(close) as close\nfrom prices\ngroup by symbol'}
        required
        autosize
        minRows={5}
        maxRows={16}
        spellCheck={false}
        maxLength={100_000}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        {...bind('sql')}
      />
      <div className="columns" style={{ gridTemplateColumns: '1fr 1fr', gap: 12 }}>
        <TextInput label="Message" placeholder="what it is and why" maxLength={2000} {...bind('message')} />
        <TextInput label="Tag" placeholder="none" maxLength={128} {...bind('tag')} />
      </div>
    </Action>
  );
}
