import { type CardText, CardTextFields } from '@tidemill/sdk';
import { type Command, Option } from 'commander';
import { failures } from '../../failure.ts';
import { readText, writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { type Session, sessionOf } from '../../session.ts';
import { formatTime } from '../../table.ts';

type Field = keyof typeof CardTextFields;
const fields = Object.keys(CardTextFields) as Field[];

export function addCardCommands(models: Command): void {
  const card = models.command('card').description('what is known of a model version, on one page');
  addShow(card);
  addText(card);
  addWrite(card);
}

interface ShowOptions {
  format: 'markdown' | 'html';
  output?: string;
}

function addShow(card: Command): void {
  const show = card
    .command('show <reference>')
    .description('the card as Markdown or HTML; --json gives its records')
    .addOption(
      new Option('--format <format>', 'of the page').choices(['markdown', 'html']).default('markdown'),
    )
    .option('-o, --output <file>', 'write it there instead of printing it')
    .action(async (reference: string, { format, output }: ShowOptions, command: Command) => {
      const session = sessionOf(command);
      const key = toReference(reference);
      if (session.json && !output) return session.show(await session.client.cards.get(key), () => []);
      const page = await session.client.cards.getDocument({ ...key, format });
      await writeDownload(page, output ?? '-');
      if (output) session.say(`Wrote the card of ${reference} to ${output}.`);
    });
  example(show, 'models card show forecaster@2 --format html -o card.html');
}

function addText(card: Command): void {
  const text = card
    .command('text <name>')
    .description('what people wrote about a model, and what is missing')
    .action(async (name: string, _options: object, command: Command) => {
      const session = sessionOf(command);
      session.show(await session.client.cards.getText({ name }), describeText);
    });
  example(text, 'models card text forecaster');
}

const describeText = (text: CardText): string[] => [
  ...fields.flatMap((field) => [
    `${field}:`,
    ...(text[field] || '(nobody has written it)').split('\n').map((line) => `  ${line}`),
  ]),
  ...(text.updatedAt === null ? [] : [`last written ${formatTime(text.updatedAt)} by ${text.updatedBy}`]),
];

function addWrite(card: Command): void {
  const write = card
    .command('write <name>')
    .description(
      'write about a model; what is not given stays. @FILE takes the text from a file, "" empties it',
    );
  for (const field of fields) write.option(`--${toFlag(field)} <text>`, hintOf(field));
  write.action(async (name: string, options: Partial<Record<Field, string>>, command: Command) => {
    await writeText(sessionOf(command), name, options);
  });
  example(write, 'models card write forecaster --owner "prices team" --limits @limits.md');
}

const hintOf = (field: Field): string =>
  (CardTextFields[field] as { description?: string }).description?.split(';')[0] ?? '';

const toFlag = (field: string): string => field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

async function writeText(
  session: Session,
  name: string,
  options: Partial<Record<Field, string>>,
): Promise<void> {
  if (Object.keys(options).length === 0)
    throw failures.optionMissing(
      `--${toFlag(fields[0] ?? '')}`,
      'there is nothing to write without one of the fields.',
    );
  const given: Partial<Record<Field, string>> = {};
  for (const field of fields) {
    const value = options[field];
    if (value !== undefined) given[field] = value.startsWith('@') ? await readText(value.slice(1)) : value;
  }
  session.show(await session.client.cards.putText({ name, ...given }), describeText);
}
