import type { Command } from 'commander';
import { writeDownload } from '../../files.ts';
import { example } from '../../pages.ts';
import { toReference } from '../../parse.ts';
import { sessionOf } from '../../session.ts';
import { formatBytes } from '../../table.ts';

export function addEvidenceCommand(models: Command): void {
  const evidence = models
    .command('evidence <reference>')
    .description('all that is known of a version for an auditor, as one tar file that standard tools verify')
    .option('-o, --out <file>', 'write here (default: NAME-N-evidence.tar; - is standard output)')
    .action(async (reference: string, options: { out?: string }, command: Command) => {
      const session = sessionOf(command);
      const version = await session.client.registry.getVersion(toReference(reference));
      const { model: name, version: number } = version;
      const output = options.out ?? `${name.replace(/[^\w.-]+/g, '_')}-${number}-evidence.tar`;
      const size = await writeDownload(
        await session.client.evidence.get({ name, version: String(number) }),
        output,
      );
      if (output === '-') return;
      session.show(
        { model: version.reference, file: output, size },
        (done) => `Wrote the evidence of ${done.model} to ${done.file}, ${formatBytes(done.size)}.`,
      );
    });
  example(evidence, 'models evidence forecaster@2 --out forecaster-2-evidence.tar');
}
