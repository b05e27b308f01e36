import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { absent } from '../lib/format.ts';
import { type Kind, parseName, parseUri, pathOf, splitText } from '../lib/references.ts';

interface ReferenceLinkProps {
  /** `forecaster@7` with `kind`, or a typed uri such as `model:forecaster@7`. */
  readonly to: string | null | undefined;
  readonly kind?: Kind;
  /** Shown in place of the reference: an id is long. */
  readonly text?: string;
}

/** Anything with a name is a link to its screen; what has no screen stays text. */
export function ReferenceLink({ to, kind, text }: ReferenceLinkProps) {
  if (!to) return <span className="dim">{absent}</span>;
  const reference = parseUri(to) ?? (kind ? { kind, ...parseName(to) } : null);
  if (!reference) return <span title={to}>{text ?? to}</span>;
  return (
    <Link to={pathOf(reference)} title={to}>
      {text ?? to}
    </Link>
  );
}

/** Free text in which every typed uri is a link. */
export function LinkedText({ children }: { readonly children: string }) {
  let position = 0;
  return splitText(children).map((part) => {
    position += part.text.length;
    return part.reference ? (
      <ReferenceLink key={position} to={part.text} />
    ) : (
      <Fragment key={position}>{part.text}</Fragment>
    );
  });
}

/** A long id by its end: ids made close together begin alike. */
export const shortId = (id: string): string => (id.length > 14 ? `…${id.slice(-8)}` : id);
