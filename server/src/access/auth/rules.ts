import { createHash, randomBytes } from 'node:crypto';
import { errors } from '../../base/errors.ts';
import { findResourceProblem } from '../grants/service.ts';

/** 256 random bits, so one fast hash protects it; the prefix lets scanners find leaked ones. */
export const newSecret = (): string => `tdm_${randomBytes(32).toString('base64url')}`;

/** Told apart from others, so that one whose job has ended can be told why it is unknown. */
const jobPrefix = 'tdm_job_';
export const newJobSecret = (): string => `${jobPrefix}${randomBytes(32).toString('base64url')}`;

export const unknownReason = (secret: string): string =>
  secret.startsWith(jobPrefix)
    ? 'the token of a job is good only while that attempt of it runs, and it has ended or was begun again'
    : 'the token is unknown';

/** @throws tokenResourceInvalid */
export function assertResource(resource: string): void {
  const reason = findResourceProblem(resource);
  if (reason) throw errors.tokenResourceInvalid({ resource, reason });
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

export type Credentials =
  | { readonly kind: 'token'; readonly secret: string }
  | { readonly kind: 'password'; readonly name: string; readonly password: string };

/**
 * What `Authorization` holds: Bearer with a token, Basic with a user's name and password, or with a token as the password
 * (MLflow's client has them all).
 */
export function credentialsOf(header: string | undefined): Credentials | null {
  const [scheme = '', value = ''] = (header ?? '').split(/\s+/, 2);
  if (/^bearer$/i.test(scheme) && value) return { kind: 'token', secret: value };
  if (!/^basic$/i.test(scheme)) return null;
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const password = text.slice(colon + 1);
  if (password.startsWith('tdm_') || colon < 1) return password ? { kind: 'token', secret: password } : null;
  return password ? { kind: 'password', name: text.slice(0, colon), password } : null;
}
