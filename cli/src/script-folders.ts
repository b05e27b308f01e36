/** The scripts of a project file's retraining policies: the files of their folders stand in for the folders' names. */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { Client, CodeRevision, ProjectDefinition } from '@tidemill/sdk';
import { listCode, readRevision, sendFiles, toJobFile } from './code-folder.ts';

type Policies = NonNullable<ProjectDefinition['retraining']>;
type Policy = Policies[string];

/** Without a client nothing is sent: what would be sent is known by its digests. */
export async function withScripts(
  project: ProjectDefinition,
  file: string,
  client: Client | null,
): Promise<ProjectDefinition> {
  const { retraining } = project;
  if (!retraining) return project;
  const policies: Policies = {};
  for (const [name, policy] of Object.entries(retraining))
    policies[name] = await withScript(policy, dirname(resolve(file)), client);
  return { ...project, retraining: policies };
}

async function withScript(policy: Policy, root: string, client: Client | null): Promise<Policy> {
  if (policy.script?.folder === undefined) return policy;
  const { folder, ...script } = policy.script;
  const path = resolve(root, folder);
  const files = await listCode(path);
  if (client) await sendFiles(client, files);
  const revision = await storeRevision(path, client);
  const command = { ...script.command, code: files.map(toJobFile), ...(revision && { revision }) };
  return { ...policy, script: { ...script, command } };
}

/** Of the folder alone: a commit elsewhere in the repository changes no policy. */
async function storeRevision(path: string, client: Client | null): Promise<CodeRevision | undefined> {
  const found = await readRevision(path, 'folder');
  if (!found) return undefined;
  const { branch: _branch, ...revision } = found.revision;
  if (found.diff === '') return revision;
  const content = Buffer.from(found.diff);
  if (client) await client.jobs.putFile({ content });
  return { ...revision, diff: createHash('sha256').update(content).digest('hex') };
}
