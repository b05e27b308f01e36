import { Button, Textarea } from '@mantine/core';
import type { Column } from '@tidemill/sdk';
import { type FormEvent, useState } from 'react';
import { plural } from '../../../lib/format.ts';
import { toEntities } from './lookup-keys.ts';

interface LookupFormProps {
  readonly keys: readonly Column[];
  readonly onLookup: (entities: readonly Readonly<Record<string, unknown>>[]) => void;
}

/** As many as one request may ask for. */
const mostEntities = 1000;

/** Keys of entities, one a line. */
export function LookupForm({ keys, onLookup }: LookupFormProps) {
  const [text, setText] = useState('');
  const entities = toEntities(keys, text);
  const isTooMany = entities.length > mostEntities;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onLookup(entities);
  };
  return (
    <form className="stack" style={{ gap: 8 }} onSubmit={submit}>
      <Textarea
        label={`Keys: ${keys.map(({ name, type }) => `${name} (${type})`).join(', ')}`}
        description={keys.length > 1 ? 'One entity a line, its values parted by commas' : 'One a line'}
        autosize
        minRows={2}
        maxRows={10}
        maw={560}
        spellCheck={false}
        error={isTooMany && `${plural(mostEntities, 'entity', 'entities')} at most`}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <div className="row">
        <Button type="submit" variant="filled" disabled={entities.length === 0 || isTooMany}>
          Look up
        </Button>
      </div>
    </form>
  );
}
