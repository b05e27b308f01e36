import type { Column, Row } from '@tidemill/contract';

/** Characters of a text in a preview: a table may hold texts that no screen shows and no reply could carry. */
export const longestCell = 1_000;

export interface PreviewReply {
  readonly columns: Column[];
  readonly rows: Row[];
  readonly cutAt: number;
}

export const toPreview = (columns: readonly Column[], rows: readonly object[]): PreviewReply => ({
  columns: [...columns],
  rows: rows.map((row) => ({ ...row })),
  cutAt: longestCell,
});
