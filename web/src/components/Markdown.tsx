import { Anchor } from '@mantine/core';
import { Fragment, type ReactNode } from 'react';
import { type Block, type Inline, parseMarkdown } from '../lib/markdown.ts';
import classes from './Markdown.module.css';

/** What somebody else wrote, as elements: nothing of it is HTML. */
export function Markdown({ children }: { readonly children: string }) {
  return <div className={classes.text}>{keyed(parseMarkdown(children), drawBlock)}</div>;
}

/** Parts of a text have no name but their place. */
const keyed = <T,>(parts: readonly T[], draw: (part: T) => ReactNode): ReactNode =>
  parts.map((part, place) => {
    const key = `${place}`;
    return <Fragment key={key}>{draw(part)}</Fragment>;
  });

const drawLine = (line: readonly Inline[]): ReactNode => keyed(line, drawInline);

function drawBlock(block: Block): ReactNode {
  if (block.kind === 'code') return <pre className={classes.code}>{block.text}</pre>;
  if (block.kind === 'list') {
    const items = keyed(block.items, (item) => <li>{drawLine(item)}</li>);
    return block.isOrdered ? <ol>{items}</ol> : <ul>{items}</ul>;
  }
  const lines = keyed(block.lines, (line) => (
    <>
      {drawLine(line)}
      {line !== block.lines.at(-1) && <br />}
    </>
  ));
  if (block.kind === 'quote') return <blockquote className={classes.quote}>{lines}</blockquote>;
  if (block.kind === 'heading')
    return (
      <p>
        <strong>{lines}</strong>
      </p>
    );
  return <p>{lines}</p>;
}

function drawInline(part: Inline): ReactNode {
  switch (part.kind) {
    case 'link':
      return (
        <Anchor href={part.to} target="_blank" rel="noreferrer noopener nofollow">
          {part.text}
        </Anchor>
      );
    case 'code':
      return <code>{part.text}</code>;
    case 'strong':
      return <strong>{part.text}</strong>;
    case 'em':
      return <em>{part.text}</em>;
    case 'mention':
      return <span className={classes.mention}>{part.text}</span>;
    default:
      return part.text;
  }
}
