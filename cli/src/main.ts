import { TidemillClientError } from '@tidemill/sdk';
import { CommanderError } from 'commander';
import { toPlainLines } from './plain-text.ts';
import { buildProgram } from './program.ts';

const wantsJson = process.argv.includes('--json');
const refusals = new Set(['gateRefused', 'modelNotApproved']);

// `tidemill runs search | head` closes our output early: that is an end, not a failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  if (error instanceof CommanderError) endUsage(error);
  else fail(error);
}

/** Commander has printed its help or its complaint already, except where a program reads us. */
function endUsage(error: CommanderError): void {
  process.exitCode = error.exitCode;
  if (wantsJson && error.exitCode !== 0) printError('usageInvalid', error.message.replace(/^error: /, ''));
}

function fail(error: unknown): void {
  if ((error as NodeJS.ErrnoException | null)?.code === 'EPIPE') process.exit();
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
  printError(code, message);
  const isKnown = error instanceof TidemillClientError || code !== 'unexpected';
  if (!isKnown && process.argv.includes('--debug') && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  process.exitCode = refusals.has(code) ? 2 : 1;
}

function printError(code: string, message: string): void {
  const text = wantsJson
    ? JSON.stringify({ error: { code, message } })
    : `tidemill: ${toPlainLines(message)}`;
  process.stderr.write(`${text}\n`);
}
