import { TidemillClientError } from '@tidemill/sdk';
import { buildProgram } from './program.ts';

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  const isKnown = error instanceof TidemillClientError || (error instanceof Error && 'code' in error);
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`tidemill: ${message}\n`);
  if (!isKnown && process.argv.includes('--debug') && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
}
