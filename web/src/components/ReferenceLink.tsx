import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import { absent } from '../lib/format.ts';
import { type Kind, parseName, parseUri, pathOf, splitText, toLabel } from '../lib/references.ts';

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
  if (!reference) return <span title={to}>{text ?? toLabel(to)}</span>;
  return (
    <Link to={pathOf(reference)} title={to}>
      {text ?? toLabel(to)}
    </Link>
  );
}

interface LinkedTextProps {
  readonly children: string;
  /** Uris of things the text may call by their bare name. */
  readonly known?: readonly string[];
}

/** Free text in which every reference is a link. */
export function LinkedText({ children, known = [] }: LinkedTextProps) {
  let position = 0;
  return splitText(children, known).map(({ text, reference }) => {
    position += text.length;
    return reference ? (
      <Link key={position} to={pathOf(reference)} title={text}>
        {toLabel(text)}
      </Link>
    ) : (
      <Fragment key={position}>{text}</Fragment>
    );
  });
}

/** A long id by its end: ids made close together begin alike. */
export const shortId = (id: string): string => (id.length > 14 ? `…${id.slice(-8)}` : id);
