import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { useScreenSearch } from '../../../lib/url-state.ts';

const fields = [
  { name: 'actor', label: 'Who', placeholder: 'user:mira or token:*', type: 'text' },
  { name: 'action', label: 'Did', placeholder: 'endpoint.released or model.*', type: 'text' },
  { name: 'uri', label: 'To', placeholder: 'model:forecaster@1', type: 'text' },
  { name: 'from', label: 'From', placeholder: '', type: 'date' },
  { name: 'to', label: 'Until', placeholder: '', type: 'date' },
] as const;
type Draft = Partial<Record<(typeof fields)[number]['name'], string>>;

/** Answered by the server, so over all there is, not only over the rows that are loaded. */
export function AuditFilterBar() {
  const [search, change] = useScreenSearch();
  const { actor, action, uri, from, to } = search;
  const [draft, setDraft] = useState<Draft>({});
  useEffect(() => setDraft(toDraft({ actor, action, uri, from, to })), [actor, action, uri, from, to]);
  const isFiltered = fields.some(({ name }) => search[name]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change(Object.fromEntries(fields.map(({ name }) => [name, draft[name]?.trim() || undefined])));
  };
  return (
    <form className="row" style={{ alignItems: 'flex-end', flexWrap: 'wrap' }} onSubmit={submit}>
      {fields.map(({ name, label, placeholder, type }) => (
        <TextInput
          key={name}
          type={type}
          label={label}
          placeholder={placeholder}
          w={type === 'date' ? 140 : 210}
          value={draft[name] ?? ''}
          onChange={(event) => {
            const { value } = event.currentTarget;
            setDraft((before) => ({ ...before, [name]: value }));
          }}
        />
      ))}
      <Button type="submit">Filter</Button>
      {isFiltered && (
        <Button
          variant="subtle"
          onClick={() => change(Object.fromEntries(fields.map(({ name }) => [name, undefined])))}
        >
          Clear
        </Button>
      )}
    </form>
  );
}

const toDraft = (search: { readonly [N in keyof Draft]: string | undefined }): Draft =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
