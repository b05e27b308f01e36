import { Button, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { parseCsvRows } from '../lib/csv-rows.ts';
import { findJsonTable, mostTableRows, type Table, toFileKind, toTable } from '../lib/file-kind.ts';
import type { FileSource } from '../lib/file-source.ts';
import { formatBytes } from '../lib/format.ts';
import { readBlob, readStart } from '../lib/read-text.ts';
import { Answer } from './Answer.tsx';
import { DownloadLink } from './DownloadLink.tsx';
import { EmptyState } from './EmptyState.tsx';
import classes from './FileBrowser.module.css';
import { RowsTable } from './RowsTable.tsx';

interface FileProps {
  readonly source: FileSource;
  readonly path: string;
}

/** Read when opened: an event says that a run has changed, not that this file has. */
const onceOpened = { staleTime: 'static', gcTime: 0 } as const;
const mostTextBytes = 1_000_000;
const mostImageBytes = 20_000_000;

/** A look into one file, as far as looking is safe and cheap; the whole of it is a download. */
export function FilePreview({ source, path }: FileProps) {
  const kind = toFileKind(path);
  const [isForced, setForced] = useState(false);
  const text = <TextFile source={source} path={path} show={(start) => <Text text={start} />} />;
  const shown = () => {
    switch (kind) {
      case 'image':
        return <Image source={source} path={path} />;
      case 'table':
        return <TextFile source={source} path={path} show={(start) => <Csv text={start} path={path} />} />;
      case 'json':
        return (
          <TextFile
            source={source}
            path={path}
            show={(start, isWhole) => <Json text={start} isWhole={isWhole} />}
          />
        );
      case 'markup':
        return <TextFile source={source} path={path} show={(start) => <Markup text={start} path={path} />} />;
      case 'text':
        return text;
      default:
        return isForced ? (
          text
        ) : (
          <div className="stack">
            <EmptyState>There is no preview of this kind of file.</EmptyState>
            <div>
              <Button onClick={() => setForced(true)}>Show as text</Button>
            </div>
          </div>
        );
    }
  };
  return (
    <>
      <div className={classes.bar}>
        <span className={classes.path}>{path}</span>
        <DownloadLink fileName={nameOf(path)} address={source.address(path)} read={() => source.read(path)}>
          Download
        </DownloadLink>
      </div>
      {shown()}
    </>
  );
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

interface TextFileProps extends FileProps {
  readonly show: (start: string, isWhole: boolean) => React.ReactNode;
}

function TextFile({ source, path, show }: TextFileProps) {
  const start = useQuery({
    ...onceOpened,
    queryKey: [...source.key, 'text', path],
    queryFn: async ({ signal }) => readStart(await source.read(path, signal), mostTextBytes),
  });
  return (
    <Answer of={start}>
      {({ text, isWhole }) => (
        <>
          {!isWhole && (
            <p className="dim">The first {formatBytes(mostTextBytes)} of it; download it for the rest.</p>
          )}
          {show(text, isWhole)}
        </>
      )}
    </Answer>
  );
}

/** A browser lays out a line of a megabyte slowly, and nobody reads it. */
const mostShown = 300_000;

const Text = ({ text }: { readonly text: string }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls it too
  <pre className={classes.text} tabIndex={0}>
    {text.slice(0, mostShown)}
    {text.length > mostShown && '\n…'}
  </pre>
);

function Csv({ text, path }: { readonly text: string; readonly path: string }) {
  const table = useMemo(() => {
    const separator = path.toLowerCase().endsWith('.tsv') ? '\t' : ',';
    const [header = [], ...rows] = parseCsvRows(text, separator, mostTableRows + 1);
    return toTable(header, rows);
  }, [text, path]);
  return <TableView table={table} />;
}

function Json({ text, isWhole }: { readonly text: string; readonly isWhole: boolean }) {
  const value = useMemo(() => (isWhole ? parseJson(text) : undefined), [text, isWhole]);
  if (value === undefined) return <Text text={text} />;
  const table = findJsonTable(value);
  return table ? <TableView table={table} /> : <Text text={JSON.stringify(value, null, 2)} />;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const mostTableColumns = 100;

function TableView({ table: { names, rows } }: { readonly table: Table }) {
  return (
    <>
      <p className="dim">
        {rows.length >= mostTableRows && `The first ${mostTableRows} rows. `}
        {names.length > mostTableColumns && `The first ${mostTableColumns} of ${names.length} columns.`}
      </p>
      <RowsTable label="file" rows={rows} names={names.slice(0, mostTableColumns)} maximumHeight="65dvh" />
    </>
  );
}

/** HTML and SVG may hold scripts: as source, or in a frame without scripts, forms or our origin. */
function Markup({ text, path }: { readonly text: string; readonly path: string }) {
  const [view, setView] = useState('source');
  return (
    <>
      <SegmentedControl
        size="xs"
        mb={8}
        aria-label="How to show it"
        data={[
          { value: 'source', label: 'Source' },
          { value: 'page', label: 'Without its scripts' },
        ]}
        value={view}
        onChange={setView}
      />
      {view === 'source' ? (
        <Text text={text} />
      ) : (
        <iframe className={classes.frame} sandbox="" srcDoc={text} title={nameOf(path)} />
      )}
    </>
  );
}

function Image({ source, path }: FileProps) {
  const image = useQuery({
    ...onceOpened,
    queryKey: [...source.key, 'image', path],
    queryFn: async ({ signal }) => {
      const download = await source.read(path, signal);
      return (download.size ?? 0) > mostImageBytes ? null : readBlob(download);
    },
  });
  return (
    <Answer of={image}>
      {(blob) =>
        blob ? (
          <Picture blob={blob} name={nameOf(path)} />
        ) : (
          <EmptyState>Larger than {formatBytes(mostImageBytes)}: download it to see it.</EmptyState>
        )
      }
    </Answer>
  );
}

function Picture({ blob, name }: { readonly blob: Blob; readonly name: string }) {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return address && <img className={classes.image} src={address} alt={name} />;
}
