import { PasswordInput } from '@mantine/core';
import { useState } from 'react';

const leastCharacters = 12;

/** Typed twice; null until both are the same and long enough. */
export function NewPassword({ onChange }: { readonly onChange: (password: string | null) => void }) {
  const [first, setFirst] = useState('');
  const [second, setSecond] = useState('');
  const change = (one: string, other: string) => {
    setFirst(one);
    setSecond(other);
    onChange(one === other && [...one].length >= leastCharacters ? one : null);
  };
  const differs = second !== '' && !first.startsWith(second);
  return (
    <>
      <PasswordInput
        label="New password"
        description={`At least ${leastCharacters} characters`}
        autoComplete="new-password"
        required
        maxLength={1024}
        value={first}
        onChange={(event) => change(event.currentTarget.value, second)}
      />
      <PasswordInput
        label="Once more"
        autoComplete="new-password"
        required
        maxLength={1024}
        value={second}
        {...(differs && { error: 'They are not the same' })}
        onChange={(event) => change(first, event.currentTarget.value)}
      />
    </>
  );
}
