import { type DragEvent, useState } from 'react';
import { formatBytes } from '../lib/format.ts';
import classes from './FileDrop.module.css';

interface FileDropProps {
  readonly label: string;
  readonly file: File | null;
  readonly disabled?: boolean;
  readonly onFile: (file: File) => void;
}

/** One file, dropped here or chosen. */
export function FileDrop({ label, file, disabled = false, onFile }: FileDropProps) {
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null) => {
    const first = files?.[0];
    if (first && !disabled) onFile(first);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files);
  };
  return (
    <label
      className={classes.drop}
      data-over={isOver}
      data-disabled={disabled}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        type="file"
        className={classes.input}
        aria-label={label}
        disabled={disabled}
        onChange={(event) => {
          take(event.currentTarget.files);
          // So that the same file, mended meanwhile, may be chosen again.
          event.currentTarget.value = '';
        }}
      />
      {file ? (
        <>
          <span className={classes.name}>{file.name}</span>
          <span className="dim number">{formatBytes(file.size)}</span>
        </>
      ) : (
        <span>{label}: drop it here, or choose one</span>
      )}
    </label>
  );
}
