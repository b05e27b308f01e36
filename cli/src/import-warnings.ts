import type { DatasetVersion, ImportWarning } from '@tidemill/sdk';

export const warningText = ({ column, message, remedy }: ImportWarning): string =>
  `Warning: column ${column}: ${message} ${remedy}.`;

/** Of the file that a version was made from. */
export function keptWarnings({ provenance }: DatasetVersion): ImportWarning[] {
  const { warnings } = provenance.detail;
  return Array.isArray(warnings) ? (warnings as ImportWarning[]) : [];
}
