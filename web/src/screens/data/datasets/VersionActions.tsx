import { Button, Popover, TextInput } from '@mantine/core';
import type { DatasetVersion, TableFormat } from '@tidemill/sdk';
import { useState } from 'react';
import { Action } from '../../../components/Action.tsx';
import { DownloadLink } from '../../../components/DownloadLink.tsx';
import { client } from '../../../lib/client.ts';
import { toHttp } from '../../../lib/http-form.ts';

const formats: readonly { format: TableFormat; title: string }[] = [
  { format: 'parquet', title: 'Parquet' },
  { format: 'csv', title: 'CSV' },
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
  const [tag, setTag] = useState('');
  return (
    <Action
      name="Tag"
      about={`${version.reference} can then be found by the tag; a tag that is there moves to it.`}
      reason="none"
      run={() =>
        client().datasets.setTag({ name: version.dataset, tag: tag.trim(), version: version.version })
      }
      onDone={() => setTag('')}
    >
      <TextInput
        label="Tag"
        placeholder="2023-08"
        required
        data-autofocus
        maxLength={128}
        value={tag}
        onChange={(event) => setTag(event.currentTarget.value)}
      />
    </Action>
  );
}
