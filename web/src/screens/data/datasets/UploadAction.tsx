import { Button, Modal, NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { DatasetVersion, TableFormat } from '@tidemill/sdk';
import { type FormEvent, useRef, useState } from 'react';
import { FileDrop } from '../../../components/FileDrop.tsx';
import { Progress } from '../../../components/Progress.tsx';
import { SourceMenu } from '../../../components/SourceMenu.tsx';
import { formatBytes } from '../../../lib/format.ts';
import { pathOf } from '../../../lib/references.ts';
import { commitFile } from '../../../lib/upload-file.ts';
import { filled, useFields } from '../../../lib/use-fields.ts';
import { UploadError } from './UploadError.tsx';
import { toDatasetName, toFormat } from './upload-rules.ts';

interface UploadActionProps {
  /** Whose next version it becomes; without one the form asks. */
  readonly name?: string;
}

/** A file of the user's becomes a version. */
export function UploadAction({ name }: UploadActionProps) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  const upload = useUpload(close);
  return (
    <>
      <Button variant="filled" onClick={() => setOpen(true)}>
        Upload a file
      </Button>
      <Modal
        size={540}
        opened={isOpen}
        // A click beside the dialog must not end an upload; its own button does.
        onClose={() => upload.isSending || close()}
        title={name ? `A new version of ${name}` : 'A file becomes a dataset'}
      >
        <UploadForm name={name} upload={upload} close={close} />
      </Modal>
    </>
  );
}

type Fields = Readonly<Record<keyof typeof empty, string>>;

const empty = {
  name: '',
  format: '',
  mode: 'replace',
  key: '',
  message: '',
  tag: '',
  mapping: '',
  dateFormat: '',
};

/** Only what was filled in is sent; a key matters only to rows that replace others. */
const toCommit = (fields: Fields): Commit => ({
  name: fields.name.trim(),
  format: fields.format as TableFormat,
  ...(fields.mode !== 'replace' && { mode: fields.mode as 'append' | 'upsert' }),
  ...filled(fields, [
    ...(fields.mode === 'upsert' ? (['key'] as const) : []),
    'message',
    'tag',
    'mapping',
    'dateFormat',
  ]),
});

interface UploadFormProps {
  readonly name: string | undefined;
  readonly upload: Upload;
  readonly close: () => void;
}

function UploadForm({ name, upload, close }: UploadFormProps) {
  const [file, setFile] = useState<File | null>(null);
  const { fields, set, bind } = useFields<Fields>({ ...empty, name: name ?? '' });
  const input = toCommit(fields);
  const isReady = file !== null && fields.format !== '' && fields.name !== '' && !upload.isSending;
  const choose = (chosen: File) => {
    setFile(chosen);
    set({ format: toFormat(chosen.name) ?? '', ...(!name && { name: toDatasetName(chosen.name) }) });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (file && isReady) upload.start(file, input);
  };
  if (upload.unchanged) return <Unchanged version={upload.unchanged} close={close} />;
  return (
    <form className="stack" onSubmit={submit}>
      <FileDrop label="A table" file={file} disabled={upload.isSending} onFile={choose} />
      <FormFields fields={fields} set={set} bind={bind} isNew={!name} />
      {upload.isSending && file && <Sending sent={upload.sent} of={file.size} />}
      {upload.error && <UploadError error={upload.error} dataset={input.name} close={close} />}
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <div className="row" style={{ marginRight: 'auto', gap: 0 }}>
          <SourceMenu asked={{ queryKey: ['datasets', 'commit', input] }} />
        </div>
        <Button onClick={upload.isSending ? upload.cancel : close}>Cancel</Button>
        <Button type="submit" variant="filled" disabled={!isReady}>
          Commit
        </Button>
      </div>
    </form>
  );
}

function Sending({ sent, of }: { readonly sent: number; readonly of: number }) {
  return (
    <div aria-live="polite">
      <Progress label="Sent" done={sent} of={of} />
      <p className="dim number">
        {sent < of
          ? `${formatBytes(sent)} of ${formatBytes(of)} sent`
          : 'All of it is sent; the server reads and stores it.'}
      </p>
    </div>
  );
}

interface UnchangedProps {
  readonly version: DatasetVersion;
  readonly close: () => void;
}

const Unchanged = ({ version, close }: UnchangedProps) => (
  <div className="stack">
    <p>{version.reference} holds exactly this already.</p>
    <div className="row" style={{ justifyContent: 'flex-end' }}>
      <Button data-autofocus onClick={close}>
        Close
      </Button>
    </div>
  </div>
);

interface FormFieldsProps {
  readonly fields: Fields;
  readonly set: (part: Partial<Fields>) => void;
  readonly bind: ReturnType<typeof useFields<Fields>>['bind'];
  readonly isNew: boolean;
}

const formats: readonly { value: TableFormat | ''; label: string }[] = [
  { value: '', label: 'choose' },
  { value: 'csv', label: 'CSV' },
  { value: 'tsv', label: 'TSV' },
  { value: 'parquet', label: 'Parquet' },
  { value: 'json', label: 'JSON' },
  { value: 'ndjson', label: 'NDJSON' },
];

function FormFields({ fields, set, bind, isNew }: FormFieldsProps) {
  const text = (id: keyof Fields, label: string, more: { placeholder?: string; required?: boolean } = {}) => (
    <TextInput label={label} {...bind(id)} {...more} />
  );
  return (
    <>
      <div className="columns" style={{ gridTemplateColumns: '1fr 1fr', gap: 12 }}>
        {isNew && text('name', 'Dataset', { required: true, placeholder: 'a-z 0-9 . _ -' })}
        <NativeSelect label="Format" data={[...formats]} {...bind('format')} />
        {text('message', 'Message', { placeholder: 'what is new in it' })}
        {text('tag', 'Tag', { placeholder: 'none' })}
        {text('mapping', 'Columns', { placeholder: 'date=Datum,close=Close/Last' })}
        {text('dateFormat', 'Date format', { placeholder: '%d/%m/%Y or day=%Y-%m-%d|%d.%m.%Y' })}
      </div>
      {!isNew && (
        <SegmentedControl
          size="xs"
          aria-label="What becomes of the rows that are there"
          data={[
            { value: 'replace', label: 'Replace all' },
            { value: 'append', label: 'Append' },
            { value: 'upsert', label: 'Replace by key' },
          ]}
          value={fields.mode}
          onChange={(mode) => set({ mode })}
        />
      )}
      {fields.mode === 'upsert' && text('key', 'Key columns', { placeholder: 'the key of the dataset' })}
    </>
  );
}

type Commit = Parameters<typeof commitFile>[0];

/** One upload at a time: its progress, its end, its failure. */
function useUpload(onVersion: () => void) {
  const [sent, setSent] = useState(0);
  const running = useRef<AbortController | null>(null);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const mutation = useMutation({
    mutationFn: ({ file, input }: { readonly file: File; readonly input: Commit }) => {
      const controller = new AbortController();
      running.current = controller;
      setSent(0);
      return commitFile(input, file, { signal: controller.signal, onProgress: setSent });
    },
    // A refused commit leaves a validation result.
    onSettled: () =>
      Promise.all(
        ['datasets', 'validation'].map((domain) => queries.invalidateQueries({ queryKey: [domain] })),
      ),
  });
  const { error } = mutation;
  const isCancelled = error instanceof DOMException && error.name === 'AbortError';
  const show = ({ dataset, version, unchanged }: DatasetVersion & { readonly unchanged: boolean }) => {
    if (unchanged) return;
    onVersion();
    mutation.reset();
    const path = pathOf({ kind: 'dataset', name: dataset, version: String(version) });
    void navigate({ to: path as '/' });
  };
  return {
    sent,
    isSending: mutation.isPending,
    error: isCancelled ? null : error,
    unchanged: mutation.data?.unchanged ? mutation.data : null,
    // Told to this call and not to the mutation: whoever has left the screen meanwhile is not fetched back.
    start: (file: File, input: Commit) => mutation.mutate({ file, input }, { onSuccess: show }),
    cancel: () => running.current?.abort(),
  };
}

type Upload = ReturnType<typeof useUpload>;
