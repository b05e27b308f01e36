import { Button, Textarea, TextInput } from '@mantine/core';
import type { Column } from '@tidemill/sdk';
import { type FormEvent, useState } from 'react';
import { plural } from '../../../lib/format.ts';
import { toEntities, toRow } from './lookup-keys.ts';

type Row = Readonly<Record<string, unknown>>;

export interface LookupQuestion {
  readonly entities: readonly Row[];
  /** What the request says beside the keys, the same for all of them. */
  readonly request?: Row;
}

interface LookupFormProps {
  readonly keys: readonly Column[];
  readonly request?: readonly Column[];
  readonly onLookup: (question: LookupQuestion) => void;
}

/** As many as one request may ask for. */
const mostEntities = 1000;

/** Keys of entities, one a line, and what the request brings. */
export function LookupForm({ keys, request = [], onLookup }: LookupFormProps) {
  const [text, setText] = useState('');
  const [fields, setFields] = useState<Readonly<Record<string, string>>>({});
  const entities = toEntities(keys, text);
  const isTooMany = entities.length > mostEntities;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLookup({ entities, ...(request.length > 0 && { request: toRow(request, fields) }) });
  };
  return (
    <form className="stack" style={{ gap: 8, maxWidth: 640 }} onSubmit={submit}>
      <Textarea
        label={`Keys: ${keys.map(({ name, type }) => `${name} (${type})`).join(', ')}`}
        description={keys.length > 1 ? 'One entity a line, its values parted by commas' : 'One a line'}
        autosize
        minRows={2}
        maxRows={10}
        spellCheck={false}
        error={isTooMany && `${plural(mostEntities, 'entity', 'entities')} at most`}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className="row">
        {request.map(({ name, type }) => (
          <TextInput
            key={name}
            label={`${name} (${type})`}
            placeholder="null"
            value={fields[name] ?? ''}
            onChange={(event) => setFields({ ...fields, [name]: event.currentTarget.value })}
          />
        ))}
        <Button type="submit" variant="filled" disabled={entities.length === 0 || isTooMany}>
          Look up
        </Button>
      </div>
    </form>
  );
}
