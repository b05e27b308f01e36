import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Answer } from '../../../components/Answer.tsx';
import { EmptyState } from '../../../components/EmptyState.tsx';
import { ask } from '../../../lib/client.ts';
import { formatBytes, plural } from '../../../lib/format.ts';
import { useScreenSearch } from '../../../lib/url-state.ts';
import { ArtifactPreview } from './ArtifactPreview.tsx';
import classes from './Artifacts.module.css';

/** Files of a run as a tree whose folders are read when opened, and a look at one of them. */
export function ArtifactsPanel({ run }: { readonly run: string }) {
  const [search, change] = useScreenSearch();
  const top = useQuery(ask('experiments', 'listArtifacts', { id: run }));
  return (
    <Answer of={top}>
      {({ files }) => {
        if (files.length === 0)
          return (
            <EmptyState command={`mlflow artifacts log-artifact --run-id ${run} --local-file FILE`}>
              This run stored no file.
            </EmptyState>
          );
        return (
          <div className={classes.board}>
            <nav className={classes.tree} aria-label="Files">
              <Folder run={run} path="" open={search.path ?? ''} onOpen={(path) => change({ path })} />
            </nav>
            <div className={classes.preview}>
              {search.path ? (
                <ArtifactPreview key={search.path} run={run} path={search.path} />
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
  readonly run: string;
  readonly path: string;
  /** The file that is shown beside the tree. */
  readonly open: string;
  readonly onOpen: (path: string) => void;
}

const mostEntries = 500;

function Folder({ run, path, open, onOpen }: FolderProps) {
  const list = useQuery(ask('experiments', 'listArtifacts', path ? { id: run, path } : { id: run }));
  return (
    <Answer of={list} height={24}>
      {({ files }) => (
        <ul className={classes.entries}>
          {files.slice(0, mostEntries).map((file) => (
            <li key={file.path}>
              {file.directory ? (
                <Branch run={run} path={file.path} open={open} onOpen={onOpen} />
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
