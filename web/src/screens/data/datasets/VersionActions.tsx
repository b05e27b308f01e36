import { Button, Popover, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import type { DatasetVersion, TableFormat } from '@tidemill/sdk';
import { Action } from '../../../components/Action.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { client, send } from '../../../lib/client.ts';
import { toHttp } from '../../../lib/http-form.ts';
import { pathOf } from '../../../lib/references.ts';
import { filled, useFields } from '../../../lib/use-fields.ts';

const formats: readonly { format: TableFormat; title: string }[] = [
  { format: 'parquet', title: 'Parquet' },
  { format: 'csv', title: 'CSV' },
  { format: 'tsv', title: 'TSV' },
  { format: 'json', title: 'JSON' },
  { format: 'ndjson', title: 'NDJSON' },
];

/** The whole version as a file, in the format one needs. */
export function DownloadMenu({ version }: { readonly version: DatasetVersion }) {
  return (
    <Popover>
      <Popover.Target>
        <Button>Download</Button>
      </Popover.Target>
      <Popover.Dropdown className="stack" style={{ gap: 4 }}>
        {formats.map(({ format, title }) => {
          const input = { name: version.dataset, version: String(version.version), format };
          const request = toHttp({ queryKey: ['datasets', 'read', input] });
          return (
            <DownloadLink
              key={format}
              variant="subtle"
              fileName={`${version.dataset}-${version.version}.${format}`}
              address={request?.path ?? ''}
              read={() => client().datasets.read(input)}
            >
              {title}
            </DownloadLink>
          );
        })}
      </Popover.Dropdown>
    </Popover>
  );
}

/** A name of the user's that points at this version, until it is pointed elsewhere. */
export function TagAction({ version }: { readonly version: DatasetVersion }) {
  const { fields, set, bind } = useFields({ tag: '' });
  const input = { name: version.dataset, tag: fields.tag.trim(), version: version.version };
  return (
    <Action
      {...send('datasets', 'setTag', input)}
      name="Tag"
      about={`${version.reference} can then be found by the tag; a tag that is there moves to it.`}
      reason="none"
      onDone={() => set({ tag: '' })}
    >
      <TextInput label="Tag" placeholder="2023-08" required data-autofocus maxLength={128} {...bind('tag')} />
    </Action>
  );
}

/** Another line of versions that begins with these rows, or the way back to them. */
export function ForkAction({ version }: { readonly version: DatasetVersion }) {
  const { fields, bind } = useFields({ name: '', message: '', tag: '' });
  const open = useOpenVersion();
  const input = {
    name: fields.name.trim(),
    from: version.reference,
    ...filled(fields, ['message', 'tag']),
  };
  return (
    <Action
      {...send('datasets', 'fork', input)}
      name="Fork"
      about={`Another dataset begins with the rows of ${version.reference}. Under its own name, ${version.dataset}, they become its newest version again. Nothing is copied.`}
      reason="none"
      onDone={open}
    >
      <TextInput
        label="Dataset"
        placeholder={`${version.dataset}-cleaned`}
        required
        data-autofocus
        maxLength={128}
        {...bind('name')}
      />
      <TextInput label="Message" placeholder="what for" maxLength={2000} {...bind('message')} />
      <TextInput label="Tag" placeholder="none" maxLength={128} {...bind('tag')} />
    </Action>
  );
}

export function DeleteVersionAction({ version }: { readonly version: DatasetVersion }) {
  const navigate = useNavigate();
  const { dataset: name, reference } = version;
  return (
    <Action
      {...send('datasets', 'deleteVersion', { name, version: version.version })}
      danger
      name="Delete"
      about={`${reference} is deleted, unless something uses it or a tag points at it. Its number is never given again.`}
      reason="none"
      onDone={() => void navigate({ to: `/datasets/${encodeURIComponent(name)}` as '/' })}
    />
  );
}

/** Goes to a version that was just made. */
export function useOpenVersion() {
  const navigate = useNavigate();
  return ({ dataset, version }: DatasetVersion) =>
    void navigate({ to: pathOf({ kind: 'dataset', name: dataset, version: String(version) }) as '/' });
}
