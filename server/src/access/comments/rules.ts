import type { Comment } from '@tidemill/contract';
import type { Caller } from '../../base/caller.ts';

const mostMentions = 50;

/** Names behind an `@`, each once, in order; what stands in code is code. */
export function mentionsOf(text: string): string[] {
  const prose = text.replaceAll(/```[\s\S]*?(?:```|$)|`[^`\n]*`/g, ' ');
  const found = prose.matchAll(/(?<![\w@.])@((?:user:)?[a-z0-9](?:[a-z0-9._-]{0,126}[a-z0-9_-])?)/g);
  return [...new Set([...found].map(([, name = '']) => name.replace(/^user:/, '')))].slice(0, mostMentions);
}

export const mayEdit = (comment: Pick<Comment, 'author'>, { actor }: Caller): boolean =>
  comment.author === actor;

export const mayDelete = (comment: Pick<Comment, 'author'>, caller: Caller): boolean =>
  mayEdit(comment, caller) || caller.role === 'admin';
