import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { FileSource } from '../lib/file-source.ts';
import { formatBytes, plural } from '../lib/format.ts';
import { useScreenSearch } from '../lib/url-state.ts';
import { Answer } from './Answer.tsx';
import { EmptyState } from './EmptyState.tsx';
import classes from './FileBrowser.module.css';
import { FilePreview } from './FilePreview.tsx';

interface FileBrowserProps {
  readonly source: FileSource;
  /** Shown instead where there is no file. */
  readonly empty: ReactNode;
}

const useFolder = (source: FileSource, path: string) =>
  useQuery({ queryKey: [...source.key, 'folder', path], queryFn: () => source.list(path) });

/** Files as a tree whose folders are read when opened, and a look at one of them. */
export function FileBrowser({ source, empty }: FileBrowserProps) {
  const [search, change] = useScreenSearch();
  const top = useFolder(source, '');
  return (
    <Answer of={top}>
      {(files) => {
        if (files.length === 0) return empty;
        return (
          <div className={classes.board}>
            <nav className={classes.tree} aria-label="Files">
              <Folder source={source} path="" open={search.path ?? ''} onOpen={(path) => change({ path })} />
            </nav>
            <div className={classes.preview}>
              {search.path ? (
                <FilePreview key={search.path} source={source} path={search.path} />
              ) : (
                <EmptyState>Choose a file to look into it.</EmptyState>
              )}
            </div>
          </div>
        );
      }}
    </Answer>
  );
}

interface FolderProps {
  readonly source: FileSource;
  readonly path: string;
  /** The file that is shown beside the tree. */
  readonly open: string;
  readonly onOpen: (path: string) => void;
}

const mostEntries = 500;

function Folder({ source, path, open, onOpen }: FolderProps) {
  const list = useFolder(source, path);
  return (
    <Answer of={list} height={24}>
      {(files) => (
        <ul className={classes.entries}>
          {files.slice(0, mostEntries).map((file) => (
            <li key={file.path}>
              {file.directory ? (
                <Branch source={source} path={file.path} open={open} onOpen={onOpen} />
              ) : (
                <button
                  type="button"
                  className={classes.entry}
                  aria-current={file.path === open}
                  onClick={() => onOpen(file.path)}
                >
                  <span className={classes.name}>{nameOf(file.path)}</span>
                  <span className="number dim">{formatBytes(file.size)}</span>
                </button>
              )}
            </li>
          ))}
          {files.length > mostEntries && (
            <li className="dim">and {plural(files.length - mostEntries, 'more file')}</li>
          )}
        </ul>
      )}
    </Answer>
  );
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

function Branch({ path, ...props }: FolderProps) {
  const [isOpen, setOpen] = useState(props.open.startsWith(`${path}/`));
  return (
    <>
      <button type="button" className={classes.entry} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className={classes.name}>
          <span aria-hidden="true" className={classes.mark}>
            {isOpen ? '▾' : '▸'}
          </span>
          {nameOf(path)}/
        </span>
      </button>
      {isOpen && <Folder path={path} {...props} />}
    </>
  );
}
