import { Link } from '@tanstack/react-router';
import { pathOf } from '../../../lib/references.ts';

interface ModelLinkProps {
  readonly name: string;
  readonly version?: number | string;
  /** Shown in place of the name, or of `name@version`. */
  readonly text?: string;
}

/** A model by its parts: its name may itself hold an `@`, so a reference would have to be read back. */
export function ModelLink({ name, version, text }: ModelLinkProps) {
  const shown = version === undefined ? name : `${name}@${version}`;
  return (
    <Link
      to={pathOf({ kind: 'model', name, version: version === undefined ? null : String(version) })}
      title={shown}
    >
      {text ?? shown}
    </Link>
  );
}
