import { createHash, randomBytes } from 'node:crypto';
import type { Permission, Role } from '@tidemill/contract';
import { errors } from '../../base/errors.ts';
import { isName } from '../../base/references.ts';

const permissions: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  editor: ['read', 'write', 'invoke'],
  approver: ['read', 'write', 'invoke', 'approve'],
  operator: ['read', 'operate', 'invoke'],
  invoker: ['invoke'],
  admin: ['read', 'write', 'invoke', 'approve', 'operate', 'admin'],
};

export const mayRole = (role: Role, permission: Permission): boolean =>
  permission === 'public' || permissions[role].includes(permission);

/** Whether one role's permissions are all among the other's. */
export const isWithin = (role: Role, other: Role): boolean =>
  permissions[role].every((permission) => permissions[other].includes(permission));

/** 256 random bits, so one fast hash protects it; the prefix lets scanners find leaked ones. */
export const newSecret = (): string => `tdm_${randomBytes(32).toString('base64url')}`;

/** Told apart from others, so that one whose job has ended can be told why it is unknown. */
const jobPrefix = 'tdm_job_';
export const newJobSecret = (): string => `${jobPrefix}${randomBytes(32).toString('base64url')}`;

export const unknownReason = (secret: string): string =>
  secret.startsWith(jobPrefix)
    ? 'the token of a job is good only while that attempt of it runs, and it has ended or was begun again'
    : 'the token is unknown';

/** `endpoint:forecast` is { kind: 'endpoint', id: 'forecast' }. */
export function parseResource(resource: string): { kind: string; id: string } {
  const colon = resource.indexOf(':');
  return { kind: resource.slice(0, colon), id: resource.slice(colon + 1) };
}

/** @throws tokenResourceInvalid */
export function assertResource(resource: string): void {
  const { kind, id } = parseResource(resource);
  const invalid = (reason: string) => errors.tokenResourceInvalid({ resource, reason });
  if (kind === 'job') throw invalid('the tokens of jobs are made by this server, one for each attempt');
  if (kind !== 'endpoint') throw invalid(`there are tokens for endpoints, not for each '${kind}'`);
  if (!isName(id)) throw invalid(`'${id}' is not a name of an endpoint`);
}

/** What a script does instead. */
export function adviceToJobs(where: string): string {
  if (/registered-models|model-versions|\/models\b/.test(where))
    return 'Submit the job with --may-register NAME, or log the model without registered_model_name and register it when the job has ended: tidemill models register NAME --run RUN.';
  if (/runs\/create$|\/runs$/.test(where))
    return 'Start further runs inside its own: mlflow.start_run(nested=True).';
  return 'Do it outside the job, with a token of your own.';
}

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** The token in `Authorization`: Bearer, or Basic with the token as the password (MLflow's client has both). */
export function secretOf(header: string | undefined): string | null {
  const [scheme = '', value = ''] = (header ?? '').split(/\s+/, 2);
  if (/^bearer$/i.test(scheme) && value) return value;
  if (!/^basic$/i.test(scheme)) return null;
  const text = Buffer.from(value, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1) || null;
}
