/** Browsers draw nothing below some tens of millions of pixels; from here on one pixel of the bar is more than one of rows. */
const tallest = 8_000_000;

export interface RowWindowSize {
  readonly count: number;
  readonly rowHeight: number;
  /** How high what one sees of the rows is. */
  readonly view: number;
}

/** How high the scrolled element is made. */
export const barHeight = ({ count, rowHeight }: RowWindowSize): number =>
  Math.min(count * rowHeight, tallest);

/** Pixels of rows for a pixel of the scroll bar: 1 until there are too many. */
export function barScale(size: RowWindowSize): number {
  const hidden = barHeight(size) - size.view;
  return hidden > 0 ? Math.max(1, (size.count * size.rowHeight - size.view) / hidden) : 1;
}

/** The highest position; the last row then stands at the lower end. */
export const lastTop = ({ count, rowHeight, view }: RowWindowSize): number =>
  Math.max(0, count * rowHeight - view);

export const clampTop = (top: number, size: RowWindowSize): number =>
  Math.min(Math.max(0, top), lastTop(size));

/** First row that is seen at a position, and the one after the last. */
export function rowsAt(top: number, { count, rowHeight, view }: RowWindowSize): readonly [number, number] {
  const first = Math.min(Math.floor(top / rowHeight), Math.max(0, count - 1));
  return [first, Math.min(count, Math.ceil((top + view) / rowHeight))];
}

/** Where a key leads, or null for a key that moves nothing. */
export function topAfterKey(key: string, top: number, size: RowWindowSize): number | null {
  const page = Math.max(size.rowHeight, size.view - size.rowHeight);
  switch (key) {
    case 'ArrowDown':
      return clampTop(top + size.rowHeight, size);
    case 'ArrowUp':
      return clampTop(top - size.rowHeight, size);
    case 'PageDown':
    case ' ':
      return clampTop(top + page, size);
    case 'PageUp':
      return clampTop(top - page, size);
    case 'Home':
      return 0;
    case 'End':
      return lastTop(size);
    default:
      return null;
  }
}

/** The pages that hold rows `first` to before `end`. */
export function pagesOf(first: number, end: number, pageRows: number): readonly number[] {
  if (end <= first) return [];
  const start = Math.floor(first / pageRows);
  return Array.from({ length: Math.floor((end - 1) / pageRows) - start + 1 }, (_, index) => start + index);
}
