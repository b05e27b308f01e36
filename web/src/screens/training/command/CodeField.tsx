import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ChangeEvent, useRef, useState } from 'react';
import { Progress } from '../../../components/Progress.tsx';
import { formatCount, plural } from '../../../lib/format.ts';
import classes from './Command.module.css';
import { type Code, noCode } from './command-form.ts';
import { mergeFiles, storeCode } from './store-code.ts';

interface CodeFieldProps {
  readonly code: Code;
  readonly onChange: (change: (before: Code) => Code) => void;
  readonly error?: string | undefined;
  /** A folder of the server's is named instead. */
  readonly disabled: boolean;
}

const mostNamed = 6;

/** The files a command runs among. A page cannot read a folder by itself: they are chosen, or come from another job. */
export function CodeField({ code, onChange, error, disabled }: CodeFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [stored, setStored] = useState({ done: 0, of: 0 });
  const store = useMutation({
    mutationFn: (files: readonly File[]) => storeCode(files, (done, of) => setStored({ done, of })),
    onSuccess: (files) =>
      onChange((before) => ({ ...before, files: mergeFiles(before.files, files), revision: null })),
  });
  const choose = ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
    const files = [...(currentTarget.files ?? [])];
    // So that the same file, mended meanwhile, may be chosen again.
    currentTarget.value = '';
    if (files.length > 0) store.mutate(files);
  };
  const wrong = store.error?.message ?? error;
  const { files, revision } = code;
  return (
    <fieldset className={classes.group} disabled={disabled}>
      <legend>Code</legend>
      <div className="row">
        <Button onClick={() => input.current?.click()} disabled={disabled || store.isPending}>
          Choose files or a zip
        </Button>
        <input
          ref={input}
          hidden
          multiple
          type="file"
          aria-label="code files"
          onChange={choose}
          disabled={disabled}
        />
        {files.length > 0 && (
          <Button variant="subtle" onClick={() => onChange(() => ({ ...noCode, inputs: code.inputs }))}>
            Take none
          </Button>
        )}
        <span className="dim">
          {files.length === 0
            ? 'None: it runs in an empty folder.'
            : `${plural(files.length, 'file')}${revision ? ` of commit ${revision.commit.slice(0, 10)}` : ''}`}
        </span>
      </div>
      {store.isPending && <Progress label="stored" done={stored.done} of={Math.max(1, stored.of)} />}
      {files.length > 0 && (
        <p className={classes.names}>
          {files
            .slice(0, mostNamed)
            .map(({ path }) => path)
            .join(', ')}
          {files.length > mostNamed && ` and ${formatCount(files.length - mostNamed)} more`}
        </p>
      )}
      {wrong && (
        <p className={classes.wrong} role="alert">
          {wrong}
        </p>
      )}
    </fieldset>
  );
}
