import { type Command, Option } from 'commander';
import { writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { sessionOf } from '../../session.ts';

const languages = { typescript: 'ts', python: 'py' } as const;

interface ClientOptions {
  language: keyof typeof languages;
  output?: string;
}

/** `churn-v2.eu` → `churn_v2_eu_client.py`: a module of Python must be a name. */
const fileOf = (name: string, language: ClientOptions['language']): string =>
  language === 'python' ? `${name.replace(/[^a-z0-9]+/g, '_')}_client.py` : `${name}-client.ts`;

export function addClientCommand(endpoints: Command): void {
  const client = endpoints
    .command('client <name>')
    .description('a typed client of the endpoint in one file, with a double of it for tests')
    .addOption(
      new Option('--language <language>', 'of the client')
        .choices(Object.keys(languages))
        .default('typescript'),
    )
    .option(
      '-o, --output <file>',
      'write here (default: NAME-client.ts or NAME_client.py; - is standard output)',
    )
    .action(async (name: string, options: ClientOptions, command: Command) => {
      const session = sessionOf(command);
      const output = options.output ?? fileOf(name, options.language);
      const content = await session.client.endpoints.getClient({
        name,
        language: languages[options.language],
      });
      await writeDownload(content, output);
      if (output === '-') return;
      session.show(
        { endpoint: name, file: output },
        (done) => `Wrote the client of ${done.endpoint} to ${done.file}.`,
      );
    });
  example(client, 'endpoints client forecast --language python -o forecast_client.py');
  const openapi = endpoints
    .command('openapi <name>')
    .description('what the endpoint takes and gives, as an OpenAPI 3.1 document')
    .action(async (name: string, _options: object, command: Command) => {
      const document = await sessionOf(command).client.endpoints.getOpenApi({ name });
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    });
  example(openapi, 'endpoints openapi forecast > forecast.json');
}
