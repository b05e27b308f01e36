import { Button, Modal, PasswordInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState, useSyncExternalStore } from 'react';
import { isTokenWanted, setToken, watchToken } from '../lib/client.ts';

/** Asks for a token once the server has refused to go on without a good one. */
export function TokenPrompt() {
  const queries = useQueryClient();
  const isOpen = useSyncExternalStore(watchToken, isTokenWanted);
  const [text, setText] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setToken(text.trim());
    setText('');
    void queries.resetQueries();
  };
  return (
    <Modal opened={isOpen} onClose={() => {}} withCloseButton={false} title="This server asks for a token">
      <form className="stack" onSubmit={submit}>
        <p>
          Someone with the role admin makes one with <code>tidemill tokens create</code>. It is kept in this
          browser only.
        </p>
        <PasswordInput
          label="Token"
          data-autofocus
          required
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" variant="filled" disabled={!text.trim()}>
          Go on
        </Button>
      </form>
    </Modal>
  );
}
