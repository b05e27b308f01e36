import { Button, Modal, NativeSelect, TextInput } from '@mantine/core';
import type { Role } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { CommandLine } from '../../../components/CommandLine.tsx';
import { client } from '../../../lib/client.ts';
import { roles } from '../users/roles.ts';

/** Makes a token and shows its secret once. */
export function CreateToken() {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('viewer');
  const [resource, setResource] = useState('');
  const [rate, setRate] = useState('');
  const [days, setDays] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const create = async () => {
    const expiry = Number(days);
    const reply = await client().access.createToken({
      name: name.trim(),
      role,
      ...(resource.trim() !== '' && { resource: resource.trim() }),
      ...(Number(rate) > 0 && { rate: { perSecond: Number(rate) } }),
      ...(expiry > 0 && { expiresInDays: expiry }),
    });
    setSecret(reply.secret);
    setName('');
  };
  return (
    <>
      <Action name="New token" about="Its secret is shown once, after this." reason="none" run={create}>
        <TextInput
          label="Name"
          required
          data-autofocus
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NativeSelect
          label="Role"
          data={roles}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        />
        <TextInput
          label="Only for"
          description="endpoint:forecast, model:prices, dataset:days"
          placeholder="all of the workspace"
          maxLength={400}
          value={resource}
          onChange={(event) => setResource(event.currentTarget.value)}
        />
        <TextInput
          label="Requests per second"
          placeholder="no limit"
          inputMode="decimal"
          pattern="[0-9]*[.]?[0-9]+"
          value={rate}
          onChange={(event) => setRate(event.currentTarget.value)}
        />
        <TextInput
          label="Expires in days"
          placeholder="never"
          inputMode="decimal"
          pattern="[0-9]*[.]?[0-9]+"
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
      </Action>
      <Modal opened={secret !== null} onClose={() => setSecret(null)} title="The token's secret">
        <div className="stack">
          <p>Copy it now: only its hash is kept, and it is never shown again.</p>
          {secret && <CommandLine>{secret}</CommandLine>}
          <Button variant="filled" onClick={() => setSecret(null)}>
            I have it
          </Button>
        </div>
      </Modal>
    </>
  );
}
