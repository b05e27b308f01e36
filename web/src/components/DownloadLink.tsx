import { Button, type ButtonProps } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { Download } from '@tidemill/sdk';
import { getToken } from '../lib/client.ts';
import { readBlob } from '../lib/read-text.ts';
import { saveFile } from '../lib/save-file.ts';
import { ErrorNotice } from './ErrorNotice.tsx';

interface DownloadLinkProps extends ButtonProps {
  readonly fileName: string;
  /** Where a browser fetches it by itself. */
  readonly address: string;
  readonly read: () => Promise<Download>;
  readonly children: string;
}

/** A link where the browser may fetch by itself; with a token, which a link cannot carry, through the SDK. */
export function DownloadLink({ fileName, address, read, children, ...button }: DownloadLinkProps) {
  const save = useMutation({ mutationFn: async () => saveFile(fileName, await readBlob(await read())) });
  if (!getToken())
    return (
      <Button {...button} component="a" href={address} download={fileName}>
        {children}
      </Button>
    );
  return (
    <>
      <Button {...button} onClick={() => save.mutate()} disabled={save.isPending}>
        {children}
      </Button>
      {save.error && <ErrorNotice error={save.error} />}
    </>
  );
}
