import type { Column } from '@tidemill/sdk';
import { Fragment } from 'react';
import { Fact } from '../../../components/Detail.tsx';
import { ReferenceLink } from '../../../components/ReferenceLink.tsx';
import { TagLine } from '../../../components/TagLine.tsx';
import { Time } from '../../../components/Time.tsx';
import type { Kind } from '../../../lib/references.ts';

interface Defined {
  readonly owner: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly createdBy: string;
}

/** What every definition says about itself. */
export function DefinedFacts({ of }: { readonly of: Defined }) {
  return (
    <>
      <Fact name="Owner">{of.owner || 'nobody'}</Fact>
      <Fact name="Tags">{Object.keys(of.tags).length > 0 ? <TagLine tags={of.tags} /> : 'none'}</Fact>
      <Fact name="Defined">
        <Time at={of.createdAt} /> by {of.createdBy}
      </Fact>
    </>
  );
}

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
