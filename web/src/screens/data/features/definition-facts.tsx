import type { Column } from '@tidemill/sdk';
import { Fragment } from 'react';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import type { Kind } from '../../../lib/references.ts';

/** Columns with their types in one line. */
export const columnLine = (columns: readonly Column[]): string =>
  columns.map(({ name, type }) => `${name} (${type})`).join(', ');

interface ReferencesProps {
  readonly to: readonly string[];
  readonly kind?: Kind;
}

/** Several things, each a link. */
export function References({ to, kind }: ReferencesProps) {
  if (to.length === 0) return 'none';
  return to.map((reference, index) => (
    <Fragment key={reference}>
      {index > 0 && ', '}
      <ReferenceLink to={reference} {...(kind && { kind })} text={reference.replace(/^[a-z-]+:/, '')} />
    </Fragment>
  ));
}
