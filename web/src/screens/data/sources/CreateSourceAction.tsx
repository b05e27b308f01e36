import { Button, Modal, NativeSelect, PasswordInput, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { SourceKind } from '@tidemill/sdk';
import { type FormEvent, useState } from 'react';
import { ErrorNotice } from '../../../components/ErrorNotice.tsx';
import { client } from '../../../lib/client.ts';
import { emptyFields, type Fields, kindsOfSource, secretsOf, toDefinition } from './source-form.ts';

export function CreateSourceAction() {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button variant="filled" onClick={() => setOpen(true)}>
        New source
      </Button>
      <Modal size={560} opened={isOpen} onClose={close} title="A place that a table comes from">
        <CreateForm close={close} />
      </Modal>
    </>
  );
}

/** The server reads the place before it keeps anything; what it finds wrong is shown here. */
function CreateForm({ close }: { readonly close: () => void }) {
  const [fields, setFields] = useState<Fields>(emptyFields);
  const set = (part: Partial<Fields>) => setFields((before) => ({ ...before, ...part }));
  const queries = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => client().sources.create(toDefinition(fields)),
    onSuccess: ({ name }) => {
      void queries.invalidateQueries({ queryKey: ['sources'] });
      close();
      void navigate({ to: `/sources/${encodeURIComponent(name)}` as '/' });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <PlaceFields fields={fields} set={set} />
      <ReadingFields fields={fields} set={set} />
      {create.error && <ErrorNotice error={create.error} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={close}>Cancel</Button>
        <Button type="submit" variant="filled" disabled={create.isPending}>
          {create.isPending ? 'Reading it …' : 'Create'}
        </Button>
      </div>
    </form>
  );
}

interface FieldsProps {
  readonly fields: Fields;
  readonly set: (part: Partial<Fields>) => void;
}

const twoColumns = { gridTemplateColumns: '1fr 1fr', gap: 12 };

function PlaceFields({ fields, set }: FieldsProps) {
  const { kind } = fields;
  const place = kindsOfSource[kind];
  return (
    <>
      <div className="columns" style={twoColumns}>
        <TextInput
          label="Name"
          required
          data-autofocus
          placeholder="a-z 0-9 . _ -"
          value={fields.name}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <NativeSelect
          label="Kind"
          data={Object.entries(kindsOfSource).map(([value, { title }]) => ({ value, label: title }))}
          value={kind}
          onChange={(event) => set({ kind: event.currentTarget.value as SourceKind, secrets: {} })}
        />
      </div>
      <Textarea
        label={place.label}
        required
        autosize
        minRows={kind === 'postgres' ? 3 : 1}
        placeholder={place.placeholder}
        value={fields.place}
        onChange={(event) => set({ place: event.currentTarget.value })}
      />
      {kind === 's3' && (
        <TextInput
          label="Endpoint"
          placeholder="AWS"
          value={fields.endpoint}
          onChange={(event) => set({ endpoint: event.currentTarget.value })}
        />
      )}
      <div className="columns" style={twoColumns}>
        {secretsOf(kind).map(({ name, label, placeholder }) => (
          <PasswordInput
            key={name}
            label={label}
            description="Kept encrypted, never shown again"
            autoComplete="off"
            placeholder={placeholder}
            value={fields.secrets[name] ?? ''}
            onChange={(event) => set({ secrets: { ...fields.secrets, [name]: event.currentTarget.value } })}
          />
        ))}
      </div>
    </>
  );
}

const readings = [
  { id: 'dataset', label: 'Dataset', placeholder: 'as the source' },
  { id: 'cursor', label: 'Cursor column', placeholder: 'none: everything each time' },
  { id: 'key', label: 'Key columns', placeholder: 'none' },
  { id: 'cron', label: 'Schedule (cron)', placeholder: '30 6 * * 1-5' },
  { id: 'timeZone', label: 'Time zone', placeholder: 'UTC' },
  { id: 'mapping', label: 'Columns', placeholder: 'date=Datum,close=Close/Last' },
] as const;

const ReadingFields = ({ fields, set }: FieldsProps) => (
  <div className="columns" style={twoColumns}>
    {readings.map(({ id, label, placeholder }) => (
      <TextInput
        key={id}
        label={label}
        placeholder={placeholder}
        value={fields[id]}
        onChange={(event) => set({ [id]: event.currentTarget.value })}
      />
    ))}
  </div>
);
