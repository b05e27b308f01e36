import type { Comment } from '@tidemill/sdk';
import type { Command } from 'commander';
import { readText } from '../../files.ts';
import { example, type Limited, limitOption, listUpTo } from '../../pages.ts';
import { sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';

export function addCommentsCommands(program: Command): void {
  const comments = program.command('comments').description('threads of model versions, endpoints and alerts');
  const list = comments
    .command('list <uri>')
    .description('the thread, oldest first')
    .addOption(limitOption())
    .action(async (subject: string, { limit }: Limited, command: Command) => {
      const session = sessionOf(command);
      const items = await listUpTo(limit, (page) => session.client.comments.list({ subject, ...page }));
      session.show(items, (found) =>
        found.length === 0 ? `Nobody has said anything about ${subject}.` : found.flatMap(describe),
      );
    });
  example(list, 'comments list model:forecaster@7');
  const add = comments
    .command('add <uri> <text>')
    .description('say something, in Markdown; @FILE takes the text from a file, - from standard input')
    .action(async (subject: string, text: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.comments.create({ subject, text: await textOf(text) }), describe);
    });
  example(add, 'comments add alert:alert_01a2 "The feed was late, see @mira."');
  const edit = comments
    .command('edit <id> <text>')
    .description('write a comment of your own anew')
    .action(async (id: string, text: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.comments.update({ id, text: await textOf(text) }), describe);
    });
  example(edit, 'comments edit comment_01a2 "The feed was late by two hours."');
  const remove = comments
    .command('delete <id>')
    .description('delete a comment of your own, or as admin anybody’s')
    .action(async (id: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.comments.delete({ id }), () => `Deleted ${id}.`);
    });
  example(remove, 'comments delete comment_01a2');
}

/** `@mira, look` is a text: a file's name has no space and is there to be read. */
const textOf = async (text: string): Promise<string> => {
  if (text === '-') return readText('-');
  return /^@\S+\.\w+$/.test(text) ? readText(text.slice(1)) : text;
};

function describe({ id, author, text, createdAt, editedAt, deletedAt, deletedBy }: Comment): string[] {
  const head = `${formatTime(createdAt)}  ${author}${editedAt === null ? '' : '  (edited)'}  ${id}`;
  const lines = deletedAt === null ? text.split('\n') : [`(deleted by ${deletedBy})`];
  return [head, ...lines.map((line) => `  ${line}`)];
}
