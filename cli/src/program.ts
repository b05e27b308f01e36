import { defaultUrl } from '@tidemill/sdk';
import { Command, Option } from 'commander';
import { addAccessCommands } from './commands/access.ts';
import { addDataCommands } from './commands/data.ts';
import { addModelsCommands } from './commands/models.ts';
import { addOperationsCommands } from './commands/operations.ts';
import { addServingCommands } from './commands/serving.ts';
import { addTrainingCommands } from './commands/training.ts';
import { addUpCommand } from './commands/up.ts';
import { version } from './version.ts';

/** Every command of the binary, grouped by wing. */
export function buildProgram(): Command {
  const program = new Command('tidemill')
    .description('The whole MLOps loop in one program')
    .version(version)
    .addOption(new Option('--url <url>', 'server to talk to').env('TIDEMILL_URL').default(defaultUrl))
    .addOption(new Option('--token <token>', 'bearer token').env('TIDEMILL_TOKEN'))
    .option('--json', 'print the reply as JSON')
    .option('--debug', 'print the stack of an unexpected failure')
    .showHelpAfterError('(tidemill --help lists the commands)')
    .configureHelp({ showGlobalOptions: true })
    // Before any command is added: they inherit both. With --json a complaint is an object too (main.ts).
    .exitOverride()
    .configureOutput({
      writeErr: (text) => (process.argv.includes('--json') ? true : process.stderr.write(text)),
    });
  program.commandsGroup('Start:');
  addUpCommand(program);
  for (const [title, add] of wings) {
    program.commandsGroup(`${title}:`);
    add(program);
  }
  return program;
}

const wings: readonly (readonly [string, (program: Command) => void])[] = [
  ['Data', addDataCommands],
  ['Training', addTrainingCommands],
  ['Models', addModelsCommands],
  ['Serving', addServingCommands],
  ['Operations', addOperationsCommands],
  ['Access', addAccessCommands],
];
