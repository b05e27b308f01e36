import { Button, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Expectation } from '@tidemill/sdk';
import { useState } from 'react';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { client } from '../../../lib/client.ts';
import { listText, readList } from './expectation-text.ts';

interface ExpectationsEditorProps {
  readonly name: string;
  readonly expectations: readonly Expectation[];
  readonly close: () => void;
}

/** The whole list as the JSON that files and the API take. */
export function ExpectationsEditor({ name, expectations, close }: ExpectationsEditorProps) {
  const [text, setText] = useState(() => listText(expectations));
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => client().validation.putExpectations({ name, expectations: readList(text) }),
    onSuccess: () => {
      void queries.invalidateQueries();
      close();
    },
  });
  return (
    <div className="stack">
      <Textarea
        label="Expectations, one a line"
        description="A JSON list; an empty one ends validation. Commits from now on are held against it."
        autosize
        minRows={6}
        maxRows={24}
        spellCheck={false}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {save.error && <ErrorNotice error={save.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={close}>Cancel</Button>
        <Button variant="filled" onClick={() => save.mutate()} disabled={save.isPending}>
          Save
        </Button>
      </div>
    </div>
  );
}
