import type { DatasetVersion, ImportWarning } from '@tidemill/sdk';
import { ToneMark } from '../../../components/StatusBadge.tsx';

/** What was read of the file that a version was made from and may not be what was meant. */
export function ImportWarnings({ version }: { readonly version: DatasetVersion }) {
  const { warnings } = version.provenance.detail;
  const found = Array.isArray(warnings) ? (warnings as ImportWarning[]) : [];
  if (found.length === 0) return null;
  return (
    <ul className="stack" aria-label="Warnings of the import" style={{ listStyle: 'none', padding: 0 }}>
      {found.map(({ column, message, remedy }) => (
        <li key={column}>
          <ToneMark tone="warn" /> <b>{column}</b>: {message} <span className="dim">{remedy}.</span>
        </li>
      ))}
    </ul>
  );
}
