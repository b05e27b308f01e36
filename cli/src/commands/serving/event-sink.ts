import type { EventSink } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { example } from '../../pages.ts';
import { sessionOf } from '../../session.ts';

interface SetOptions {
  readonly url: string;
  readonly mode?: EventSink['mode'];
  readonly content?: EventSink['content'];
  readonly secret?: string;
}

/** Predictions as CloudEvents to one address per endpoint. */
export function addEventSinkCommands(endpoints: Command): void {
  const sink = endpoints
    .command('sink')
    .description('predictions of an endpoint told to an address, as CloudEvents');
  const set = sink
    .command('set <name>')
    .description('tell them from now on')
    .requiredOption('--url <address>', 'where to')
    .addOption(
      new Option(
        '--mode <mode>',
        'many in a message, one, or one with its attributes as headers (default: batch)',
      ).choices(['batch', 'structured', 'binary']),
    )
    .addOption(
      new Option('--content <content>', 'with features and answers, or without (default: full)').choices([
        'full',
        'metadata',
      ]),
    )
    .option('--secret <text>', 'signs every message (whsec_… is read as base64)')
    .action(async (name: string, options: SetOptions, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.eventSinks.put({ name, ...options }), describe);
    });
  example(set, 'endpoints sink set forecast --url https://events.example/predictions --secret …');
  const show = sink
    .command('show <name>')
    .description('where they go, and how it goes')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.eventSinks.get({ name }), describe);
    });
  example(show, 'endpoints sink show forecast');
  const remove = sink
    .command('delete <name>')
    .description('tell them no longer')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.eventSinks.delete({ name }), () => `${name} tells nobody any more.`);
    });
  example(remove, 'endpoints sink delete forecast');
}

const describe = ({ endpoint, url, mode, content, hasSecret, counts }: EventSink): string[] => [
  `${endpoint} tells ${url}`,
  `${mode}, ${content === 'full' ? 'with' : 'without'} features and answers, ${hasSecret ? 'signed' : 'not signed'}`,
  `${counts.delivered} delivered, ${counts.waiting} waiting, ${counts.lost} lost${counts.problem ? `; last problem: ${counts.problem}` : ''}`,
];
